// Odoo client code: native modules that Odoo's asset bundler loads in the browser.
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
    {ignores: ["**/static/lib/**", ".rcm/**"]},
    js.configs.recommended,
    {
        files: ["**/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2024,
            sourceType: "module",
            globals: {...globals.browser, owl: "readonly", odoo: "readonly"},
        },
        rules: {
            "array-callback-return": "error",
            curly: "error",
            eqeqeq: ["error", "always", {null: "ignore"}],
            "no-console": "error",
            "no-shadow": "error",
            "no-unused-vars": ["error", {argsIgnorePattern: "^_"}],
            "no-var": "error",
            "prefer-const": "error",
        },
    },
];
