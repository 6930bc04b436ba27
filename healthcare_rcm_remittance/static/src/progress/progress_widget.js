import {Component, onWillDestroy, onWillStart, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const EVERY = 2000;

/**
 * `<widget name="rcm_progress"/>`: how far the work in the background is.
 *
 * The record's `get_progress` answers with {pending, running, label, done, total};
 * the record is read again when its state has changed.
 */
export class ProgressWidget extends Component {
    static template = "healthcare_rcm_remittance.Progress";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({running: false, label: "", done: 0, total: 0});
        this.timer = null;
        this.gone = false;
        onWillStart(() => this.look());
        onWillDestroy(() => {
            this.gone = true;
            clearTimeout(this.timer);
        });
    }

    get share() {
        const {done, total, step, steps} = this.state;
        const inStep = total ? done / total : 0;
        return steps ? Math.round((100 * (step - 1 + inStep)) / steps) : inStep * 100;
    }

    async look() {
        const {record} = this.props;
        if (!record.resId) {
            return;
        }
        let answer = null;
        try {
            answer = await this.orm.silent.call(record.resModel, "get_progress", [
                [record.resId],
            ]);
        } catch {
            return; // whoever may not ask is shown nothing
        }
        if (this.gone) {
            return;
        }
        const before = this.known;
        this.known = answer.state;
        Object.assign(this.state, {step: 0, steps: 0}, answer);
        if (before && before !== answer.state) {
            await record.load();
        }
        if (answer.pending && !this.gone) {
            this.timer = setTimeout(() => this.look(), EVERY);
        }
    }
}

registry.category("view_widgets").add("rcm_progress", {component: ProgressWidget});
