import {inputFiles} from "@web/../tests/utils";
import {registry} from "@web/core/registry";

const FILE = "/web/content/healthcare_rcm_remittance.tour_835";

/**
 * A cash poster uploads a payer's file and sees it posted.
 *
 * The file is made by the test that starts this tour, which also submitted the
 * claim that the file pays.
 */
registry.category("web_tour.tours").add("rcm_cash_poster_tour", {
    url: "/odoo/action-healthcare_rcm_remittance.rcm_remittance_action_todo",
    steps: () => [
        {
            content: "Open the menu of remittances",
            trigger: ".o_menu_sections button:contains(Remittances)",
            run: "click",
        },
        {
            content: "Upload a file",
            trigger:
                ".o-dropdown--menu [data-menu-xmlid=" +
                "'healthcare_rcm_remittance.rcm_remittance_menu_upload']",
            run: "click",
        },
        {
            content: "Choose the payer's file",
            trigger: ".modal .o_field_many2many_binary",
            async run() {
                const response = await fetch(FILE);
                const file = new File([await response.blob()], "acme.835", {
                    type: "text/plain",
                });
                await inputFiles(".modal .o_field_many2many_binary input", [file]);
            },
        },
        {
            trigger: ".modal .o_attachment:contains(acme.835)",
        },
        {
            content: "Post it",
            trigger: ".modal button[name=action_upload]",
            run: "click",
        },
        {
            content: "One payment, posted",
            trigger:
                ".modal .o_field_widget[name=result_ids] .o_data_row:contains(TOUR1)" +
                ":contains(Posted)",
        },
        {
            content: "Look at it",
            trigger: ".modal button[name=action_show]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_list_view .o_data_cell:contains(TOUR1)",
            run: "click",
        },
        {
            content: "It is posted, to the cent that the payer sent",
            trigger: ".o_form_view .o_arrow_button_current[data-value=posted]",
        },
        {
            trigger: ".o_field_widget[name=amount]:contains(73.60)",
        },
        {
            content: "Its claim was found and paid",
            trigger: ".o_field_widget[name=claim_ids] .o_data_row:contains(73.60)",
        },
    ],
});
