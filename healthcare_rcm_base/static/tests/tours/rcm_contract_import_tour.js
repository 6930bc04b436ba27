import {inputFiles} from "@web/../tests/utils";
import {registry} from "@web/core/registry";

const HEADER = "Code,Method,Amount,Until\n";
const WRONG = HEADER + "99213,Fee per unit,ninety,2020-01-01\n99214,By magic,131.00,\n";
const RIGHT = HEADER + "99213,Fee per unit,95.00,\n99214,Fee per unit,135.00,\n";

/**
 * Choose a file in the dialog, as a person does.
 *
 * @param {String} name
 * @param {String} text
 */
async function choose(name, text) {
    const file = new File([text], name, {type: "text/csv"});
    await inputFiles(".modal .o_field_widget[name=file_content] input[type=file]", [
        file,
    ]);
}

/**
 * An administrator imports a fee schedule: its faults first, then the right one.
 *
 * The draft contract is made by the test that starts this tour.
 */
registry.category("web_tour.tours").add("rcm_contract_import_tour", {
    steps: () => [
        {
            content: "Import rates into the draft",
            trigger: ".o_form_view button[name=action_import_rates]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=file_content]",
            async run() {
                await choose("wrong.csv", WRONG);
            },
        },
        {
            trigger: ".modal [name=file_content] input:value(wrong.csv)",
        },
        {
            trigger: ".modal footer button[name=action_check]",
            run: "click",
        },
        {
            content: "Every fault with its row, and nothing imported",
            trigger: ".modal .alert-danger:contains(nothing was imported)",
        },
        {
            trigger: ".modal [name=fault_ids] .o_data_row:contains(By magic)",
        },
        {
            trigger: ".modal [name=fault_ids] .o_data_row:contains(ninety)",
        },
        {
            content: "Choose the right file",
            trigger: ".modal .o_field_widget[name=file_content]",
            async run() {
                await choose("right.csv", RIGHT);
            },
        },
        {
            trigger: ".modal [name=file_content] input:value(right.csv)",
        },
        {
            trigger: ".modal footer button[name=action_check]",
            run: "click",
        },
        {
            trigger: ".modal .alert-success:contains(nothing wrong)",
        },
        {
            trigger: ".modal footer button[name=action_import]",
            run: "click",
        },
        {
            content: "The contract shows its new rates",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=rate_ids]" +
                " .o_data_row:contains(135.00)",
        },
    ],
});
