import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * An explanation whose figures lead to the segment they were read from.
 *
 * The server writes the figures as `a.o_rcm_figure` with model, id and figure, for
 * readers who may see the raw data.
 */
export class ExplanationField extends Component {
    static template = "healthcare_rcm_remittance.Explanation";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    async onClick(ev) {
        const link = ev.target.closest("a.o_rcm_figure");
        if (!link) {
            return;
        }
        ev.preventDefault();
        const {model, record, figure} = link.dataset;
        const action = await this.orm.call(model, "action_raw", [[Number(record)]], {
            figure,
        });
        return this.action.doAction(action);
    }
}

export const explanationField = {
    component: ExplanationField,
    displayName: _t("Explanation of benefits"),
    supportedTypes: ["html"],
};

registry.category("fields").add("rcm_explanation", explanationField);
