import {registry} from "@web/core/registry";

/**
 * A biller sends claims: from the worklist into a batch, its file, and off.
 *
 * The claim is made by the test that starts this tour.
 */
registry.category("web_tour.tours").add("rcm_submission_batch_tour", {
    url: "/odoo/action-healthcare_rcm_base.rcm_claim_action_submit",
    steps: () => [
        {
            content: "Everything that is ready to submit",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button[name=action_add_to_batch]",
            run: "click",
        },
        {
            content: "A numbered batch with the claim in it",
            trigger: ".o_arrow_button_current[data-value=draft]",
        },
        {
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(150.00)",
        },
        {
            content: "Write its file",
            trigger: ".o_statusbar_buttons button[name=action_export]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current[data-value=exported]",
        },
        {
            content: "It was sent",
            trigger: ".o_statusbar_buttons button[name=action_mark_submitted]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current[data-value=submitted]",
        },
    ],
});
