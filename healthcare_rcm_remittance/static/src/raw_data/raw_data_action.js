import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {RawData} from "./raw_data";

/** The segments with one of them marked, as a figure's link asks for. */
export class RawDataAction extends Component {
    static template = "healthcare_rcm_remittance.RawDataAction";
    static components = {RawData};
    static props = {...standardActionServiceProps};

    get given() {
        const {resModel, resId, place} = this.props.action.params;
        return {resModel, resId, place};
    }
}

registry.category("actions").add("rcm_raw_data", RawDataAction);

/** `<widget name="rcm_raw_data"/>` on the form of a remittance or file. */
export class RawDataWidget extends Component {
    static template = "healthcare_rcm_remittance.RawDataWidget";
    static components = {RawData};
    static props = {...standardWidgetProps};
}

registry.category("view_widgets").add("rcm_raw_data", {component: RawDataWidget});
