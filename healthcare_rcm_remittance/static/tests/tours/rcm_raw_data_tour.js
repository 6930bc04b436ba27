import {registry} from "@web/core/registry";

/** From a number of the explanation to its segment in the payer's file. */
registry.category("web_tour.tours").add("rcm_raw_data_tour", {
    steps: () => [
        {
            content: "The payment leads to BPR02",
            trigger: ".o_field_widget[name=balance_html] a[data-figure=amount]",
            run: "click",
        },
        {
            trigger:
                ".modal .o_rcm_raw_marked:contains(BPR) " +
                ".o_rcm_raw_figure:contains(73.6)",
        },
        {
            content: "The other segments stand round it",
            trigger: ".modal .o_rcm_raw_line:contains(TOUR2)",
        },
        {
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            content: "Read the explanation",
            trigger: "body:not(:has(.modal)) .nav-link[name=eob]",
            run: "click",
        },
        {
            content: "An adjustment of a line",
            trigger:
                ".o_rcm_explanation a[data-model='rcm.remittance.adjustment']" +
                ":contains(58.00)",
            run: "click",
        },
        {
            content: "Its CAS is marked, and the amount in it",
            trigger:
                ".modal .o_rcm_raw_marked:contains(CAS) " +
                ".o_rcm_raw_figure:contains(58)",
        },
        {
            content: "Go to a byte",
            trigger: ".modal .o_rcm_raw_go",
            run: "edit 200",
        },
        {
            trigger: ".modal .o_rcm_raw form button",
            run: "click",
        },
        {
            trigger: ".modal .o_rcm_raw_line:contains(BPR)",
        },
        {
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            content: "All of it, on a page of its own",
            trigger: "body:not(:has(.modal)) .nav-link[name=raw]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_rcm_raw_line:contains(ST)",
        },
    ],
});
