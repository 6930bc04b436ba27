import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {deserializeDateTime, formatDate, formatDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";

const KINDS = {
    person: {icon: "fa-user", label: _t("Person")},
    automation: {icon: "fa-cog", label: _t("Automation")},
    integration: {icon: "fa-plug", label: _t("Integration")},
};

/** A value of a step; a hash is shown by its beginning and copied whole. */
export class TimelineValue extends Component {
    static template = "healthcare_rcm_base.TimelineValue";
    static props = {
        text: String,
        whole: {type: String, optional: true},
    };

    setup() {
        this.notification = useService("notification");
        this.copyLabel = _t("Copy the whole value");
    }

    async copy() {
        await browser.navigator.clipboard.writeText(this.props.whole);
        this.notification.add(_t("Copied"), {type: "success"});
    }
}

/** The thread of one correlation id, from source event to journal entry. */
export class Timeline extends Component {
    static template = "healthcare_rcm_base.Timeline";
    static components = {TimelineValue};
    static props = {
        correlationId: {type: [String, Boolean], optional: true},
        refreshKey: {optional: true},
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({days: [], count: 0, newestFirst: false, failed: false});
        onWillStart(() => this.load(this.props.correlationId));
        onWillUpdateProps((next) => this.load(next.correlationId));
    }

    async load(correlationId) {
        let rows = [];
        this.state.failed = false;
        if (correlationId) {
            try {
                rows = await this.orm.silent.call("rcm.audit.log", "get_timeline", [
                    correlationId,
                ]);
            } catch {
                this.state.failed = true;
            }
        }
        this.rows = rows.map((row) => this.prepare(row));
        this.state.count = rows.length;
        this.group();
    }

    prepare(row) {
        const time = deserializeDateTime(row.time);
        const kind = KINDS[row.kind] || KINDS.automation;
        return {
            ...row,
            day: formatDate(time),
            clock: time.toFormat("HH:mm:ss"),
            full: formatDateTime(time),
            icon: kind.icon,
            kindLabel: kind.label,
            isCase: row.model === "rcm.exception.case",
        };
    }

    /** Cut the rows into days, in the chosen direction. */
    group() {
        const rows = this.state.newestFirst ? [...this.rows].reverse() : this.rows;
        const days = [];
        for (const row of rows) {
            if (!days.length || days.at(-1).day !== row.day) {
                days.push({day: row.day, key: `${row.day}-${row.id}`, rows: []});
            }
            days.at(-1).rows.push(row);
        }
        this.state.days = days;
    }

    turn() {
        this.state.newestFirst = !this.state.newestFirst;
        this.group();
    }

    openDocument(row) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: row.model,
            res_id: row.res_id,
            views: [[false, "form"]],
        });
    }
}
