import {registry} from "@web/core/registry";

const field = (name) =>
    `.o_rcm_combining .o_cell:has(> label:contains(/^${name}/)) + .o_cell`;
const box = (name) => `${field(name)} input[type=checkbox]`;
const open = {
    content: "Open what the person may do",
    trigger: ".o_notebook .nav-link[name=access_rights]",
    run: "click",
};
const save = [
    {
        content:
            "No person saves in the moment of the last tick: the form takes it over",
        trigger: ".o_form_dirty",
        run: () => new Promise((resolve) => setTimeout(resolve, 500)),
    },
    {trigger: ".o_form_button_save:enabled", run: "click"},
    {trigger: ".o_form_saved"},
];

/**
 * An administrator gives a person two roles and takes one away again.
 *
 * The person of the test that starts this tour may invoice (Accounting: Invoicing).
 */
registry.category("web_tour.tours").add("rcm_two_roles_tour", {
    steps: () => [
        open,
        {
            content: "Roles are boxes under one heading",
            trigger: ".o_rcm_combining:contains(Healthcare RCM)",
        },
        {trigger: `${box("Biller")}:not(:checked)`, run: "check"},
        {trigger: `${box("Denial analyst")}:not(:checked)`, run: "check"},
        {
            content: "What both bring along is shown as given",
            trigger: `${field("See clinical codes")} .o_is_implied`,
        },
        {trigger: `${box("Biller")}:checked`},
        ...save,
        {
            content: "Load it anew",
            trigger: `${box("Biller")}:checked`,
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        open,
        {content: "Both are there", trigger: `${box("Biller")}:checked`},
        {trigger: `${box("Denial analyst")}:checked`},
        {trigger: `${box("Collector")}:not(:checked)`},
        {
            content: "Another application is a single choice and kept its value",
            trigger: ".o_inner_group .o_field_res_user_group_ids_privilege input",
            run: () => {
                const values = [
                    ...document.querySelectorAll(
                        ".o_field_res_user_group_ids_privilege .o_select_menu input"
                    ),
                ].map((input) => input.value);
                if (!values.includes("Invoicing")) {
                    throw new Error(`Invoicing is not chosen: ${values}`);
                }
            },
        },
        {trigger: `${box("Biller")}:checked`, run: "uncheck"},
        ...save,
        {trigger: `${box("Biller")}:not(:checked)`},
        {trigger: `${box("Denial analyst")}:checked`},
    ],
});

registry.category("web_tour.tours").add("rcm_new_user_tour", {
    steps: () => [
        {
            trigger: ".o_form_view .o_field_widget[name=name] input",
            run: "edit New Biller",
        },
        {trigger: ".o_field_widget[name=login] input", run: "edit t_new_biller"},
        open,
        {trigger: box("Biller"), run: "check"},
        {trigger: box("Collector"), run: "check"},
        ...save,
        {trigger: `${box("Biller")}:checked`},
    ],
});
