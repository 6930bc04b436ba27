import {Component, onWillStart, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {ControlPanel} from "@web/search/control_panel/control_panel";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {Timeline} from "./timeline";

/** Find a thread by correlation id or document number and show it. */
export class TimelineAction extends Component {
    static template = "healthcare_rcm_base.TimelineAction";
    static components = {ControlPanel, Timeline};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.display = {controlPanel: {}};
        this.state = useState({term: "", threads: [], chosen: false, searched: false});
        onWillStart(async () => {
            const given = this.props.action.context?.rcm_correlation_id;
            if (given) {
                this.state.term = given;
                await this.search();
            }
        });
    }

    async search() {
        const term = this.state.term.trim();
        this.state.chosen = false;
        this.state.threads = term
            ? await this.orm.call("rcm.audit.log", "find_threads", [term])
            : [];
        this.state.searched = Boolean(term);
        if (this.state.threads.length) {
            this.choose(this.state.threads[0].correlation_id);
        }
    }

    choose(correlationId) {
        this.state.chosen = correlationId;
    }
}

registry.category("actions").add("rcm_timeline", TimelineAction);
