import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {usePopover} from "@web/core/popover/popover_hook";

/** The steps of a price as a numbered list. */
export class PricingTraceSteps extends Component {
    static template = "healthcare_rcm_base.PricingTraceSteps";
    static props = {steps: Array, close: {type: Function, optional: true}};
}

/**
 * Shows how a price came about. In a list a button opens the steps; in a form with
 * the option `expanded` they stand there at once.
 */
export class PricingTraceField extends Component {
    static template = "healthcare_rcm_base.PricingTraceField";
    static components = {PricingTraceSteps};
    static props = {...standardFieldProps, expanded: {type: Boolean, optional: true}};

    setup() {
        this.popover = usePopover(PricingTraceSteps, {position: "left"});
        this.label = _t("How the price came about");
    }

    get steps() {
        return this.props.record.data[this.props.name] || [];
    }

    onClick(ev) {
        this.popover.open(ev.currentTarget, {steps: this.steps});
    }
}

export const pricingTraceField = {
    component: PricingTraceField,
    displayName: _t("Pricing trace"),
    supportedTypes: ["json"],
    supportedOptions: [{label: _t("Expanded"), name: "expanded", type: "boolean"}],
    extractProps: ({options}) => ({expanded: Boolean(options.expanded)}),
};

registry.category("fields").add("rcm_pricing_trace", pricingTraceField);
