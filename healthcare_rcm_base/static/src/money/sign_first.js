import {MonetaryField} from "@web/views/fields/monetary/monetary_field";
import {formatMonetary} from "@web/views/fields/formatters";
import {patch} from "@web/core/utils/patch";
import {registry} from "@web/core/registry";

// "$ -505.00": the sign of an amount stands before its symbol, or it is overlooked.
const SIGN_BEHIND_SYMBOL = /^([^\d\s-]+)([\s\u00a0]?)-(?=\d)/;

export function signFirst(text) {
    return typeof text === "string" ? text.replace(SIGN_BEHIND_SYMBOL, "-$1$2") : text;
}

function formatSignFirst(value, options) {
    return signFirst(formatMonetary(value, options));
}
Object.assign(formatSignFirst, formatMonetary);
registry.category("formatters").add("monetary", formatSignFirst, {force: true});

patch(MonetaryField.prototype, {
    get formattedValue() {
        return signFirst(super.formattedValue);
    },
});
