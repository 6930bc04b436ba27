import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {Timeline} from "./timeline";

/** `<field name="correlation_id" widget="rcm_timeline"/>` on any document. */
export class TimelineField extends Component {
    static template = "healthcare_rcm_base.TimelineField";
    static components = {Timeline};
    static props = {...standardFieldProps};
}

export const timelineField = {
    component: TimelineField,
    displayName: _t("Revenue cycle timeline"),
    supportedTypes: ["char"],
};

registry.category("fields").add("rcm_timeline", timelineField);
