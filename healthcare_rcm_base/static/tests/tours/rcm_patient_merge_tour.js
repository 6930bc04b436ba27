import {registry} from "@web/core/registry";

/**
 * A biller merges two accounts of one person, and takes it back.
 *
 * The pair is made by the test that starts this tour.
 */
registry.category("web_tour.tours").add("rcm_patient_merge_tour", {
    url: "/odoo/action-healthcare_rcm_base.rcm_possible_duplicate_action",
    steps: () => [
        {
            content: "Open the pair",
            trigger: ".o_data_row .o_data_cell[name=display_name]",
            run: "click",
        },
        {
            content: "They are one person: merge",
            trigger: ".o_form_view button[name=action_merge]",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Same person, two registrations",
        },
        {
            trigger: ".modal footer button[name=action_merge]",
            run: "click",
        },
        {
            content: "The record of the merge lists what moved",
            trigger: "body:not(:has(.modal)) .o_form_view [name=item_ids] .o_data_row",
        },
        {
            content: "They were two people after all: undo",
            trigger: ".o_form_view button[name=action_undo]",
            run: "click",
        },
        {
            trigger: ".modal:contains(goes back) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "The record of undoing is shown",
            trigger:
                "body:not(:has(.modal)) .o_form_view" +
                " .o_field_widget[name=action]:contains(Undone)",
        },
    ],
});
