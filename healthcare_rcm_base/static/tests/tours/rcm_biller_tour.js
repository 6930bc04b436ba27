import {registry} from "@web/core/registry";

/**
 * A biller follows one visit to the books: encounter, claim, invoice, entry.
 *
 * The visit T0100001 is made by the test that starts this tour.
 */
registry.category("web_tour.tours").add("rcm_biller_tour", {
    url: "/odoo/encounters",
    steps: () => [
        {
            content: "Billed encounters are not in the default list: show all",
            trigger: ".o_searchview_facet .o_facet_remove",
            run: "click",
        },
        {
            content: "Find the visit",
            trigger: ".o_data_row .o_data_cell:contains(T0100001)",
            run: "click",
        },
        {
            content: "It is billed and shows its charges",
            trigger: ".o_arrow_button_current[data-value=billed]",
        },
        {
            trigger: ".o_field_widget[name=charge_ids] .o_data_row:contains(99213)",
        },
        {
            content: "Open its claim",
            trigger: "button[name=action_open_claims]",
            run: "click",
        },
        {
            content: "The claim is cleared and invoiced",
            trigger: ".o_arrow_button_current[data-value=cleared]",
        },
        {
            content: "What the payer should pay is known before it answers",
            trigger: ".o_field_widget[name=expected_amount]:contains(92.00)",
        },
        {
            trigger: ".o_field_widget[name=open_balance]:contains(150.00)",
        },
        {
            content: "The timeline tells how it came here",
            trigger: ".o_notebook .nav-link[name=timeline]",
            run: "click",
        },
        {
            trigger: ".o_field_rcm_timeline:contains(invoice)",
        },
        {
            content: "See what is in the books",
            trigger: "button[name=action_rcm_journal_items]",
            run: "click",
        },
        {
            content: "The charge stands on the payer's receivable",
            trigger: ".o_list_view .o_data_row:contains(150.00)",
        },
        {
            content: "Back to the claim",
            trigger: ".o_breadcrumb a:last, .o_back_button a",
            run: "click",
        },
        {
            content: "Open the invoice",
            trigger: "button[name=action_open_invoice]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=name]:contains(RCMC)",
        },
    ],
});
