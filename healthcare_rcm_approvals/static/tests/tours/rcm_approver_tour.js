import {registry} from "@web/core/registry";

/**
 * An approver asks about one claim and approves another.
 *
 * The test that starts this tour makes the requests "Clear …" of 250.00 and 900.00.
 */
registry.category("web_tour.tours").add("rcm_approver_tour", {
    url: "/odoo/rcm-my-approvals",
    steps: () => [
        {
            content: "Both wait, with the reason why they came to me",
            trigger: ".o_kanban_record:contains(900.00):contains(Your role)",
        },
        {
            content: "Open the larger one",
            trigger: ".o_kanban_record:contains(900.00) .fw-bold",
            run: "click",
        },
        {
            content: "Its facts are readable",
            trigger: ".o_rcm_facts:contains(99213)",
        },
        {
            content: "Ask the biller",
            trigger: "button[name=action_ask_information]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Was this price agreed?",
        },
        {
            trigger: ".modal button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "It waits for the answer now",
            trigger: ".o_field_widget[name=question]:contains(Was this price agreed?)",
        },
        {
            content: "Back to my approvals",
            trigger: ".o_breadcrumb a:first, .o_back_button a",
            run: "click",
        },
        {
            content: "Approve the smaller one from its card",
            trigger: ".o_kanban_record:contains(250.00) button[name=action_approve]",
            run: "click",
        },
        {
            content: "It is gone from what I can decide",
            trigger: ".o_kanban_view:not(:contains(250.00))",
        },
    ],
});
