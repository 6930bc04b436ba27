import {registry} from "@web/core/registry";

/**
 * A contract changed after the claim was priced: look first, then apply.
 *
 * The contract's new version is made by the test that starts this tour.
 */
registry.category("web_tour.tours").add("rcm_claim_repricing_tour", {
    steps: () => [
        {
            content: "What would this version change on open claims?",
            trigger: ".o_form_view button[name=action_reprice_claims]",
            run: "click",
        },
        {
            content: "The claim: expected 92.00 now, 100.00 then",
            trigger:
                ".o_field_widget[name=line_ids]" +
                " .o_data_row:contains(92.00):contains(100.00)",
        },
        {
            content: "Say why",
            trigger: ".o_field_widget[name=reason] input",
            run: "edit Rates came late",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_select_all]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_select_none]",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_apply]",
            run: "click",
        },
        {
            trigger: ".modal:contains(ledger entry) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Done, and said so",
            trigger: "body:not(:has(.modal)) .o_arrow_button_current[data-value=done]",
        },
    ],
});
