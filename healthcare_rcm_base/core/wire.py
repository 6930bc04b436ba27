"""What a client may say in its context, and what only code of the server may.

Odoo lets the caller of a remote method set the whole context, and core code reads
switches from it: leave out the balance check, delete posted entries, track nothing.
Odoo's own client sends none of the keys below. They are dropped at every door; that
the guards hold even with them is tested apart.
"""

CONTROL_KEYS = frozenset(
    {
        # checks of journal entries
        "check_move_validity",
        "hash_version",
        "move_reverse_cancel",
        "dynamic_unlink",
        "add_caba_vals",
        "include_business_fields",
        "quick_encoding_vals",
        "is_payment",
        "is_statement_line",
        "caba_no_transition_account",
        "chart_template_load",
        "round_base",
        # what is written and logged along the way
        "tracking_disable",
        "mail_notrack",
        "mail_activity_automation_skip",
        "old_values",
        "changed_fields",
        "domain_post",
        # what only scheduled actions and the loader set
        "ir_cron_progress_id",
        "cron_id",
        "cron_end_time",
        "module",
        "noupdate",
        "update_custom_fields",
        "foreign_record_to_create",
        "filter_function_reset_sudo",
        "fetchmail_cron_running",
        # where mail goes
        "send_smtp_skip_to",
        "send_validated_to",
        "domain_bounce_address",
        "domain_notifications_email",
        "composer_force_res_ids",
        "delay_token_charge",
    }
)
CONTROL_PREFIXES = (
    "_",
    "rcm_",
    "default_rcm_",
    "skip_",
    "bypass_",
    "force_",
    "forced_",
    "no_exchange_difference",
    "no_cash_basis",
    "no_anti_regex",
    "defer_",
    "delay_account_",
    "ignore_",
    "install_",
    "mail_auto_subscribe_",
    "mail_catchall_",
    "mail_composer_",
    "mail_create_",
    "mail_notify_",
    "queue_job_",
    "account_journal_skip_",
)
# Sent by screens, and without effect on what may be kept.
CLIENT_KEYS = frozenset(
    {
        "force_email",
        "force_search_count",
        "force_report_rendering",
        "skip_res_field_check",
        # which button of an exception case opened the step
        "rcm_step",
        # which day and basis an ageing is of, which balance was pressed
        "rcm_as_of",
        "rcm_basis",
        "rcm_responsibility",
    }
)


def is_control(key):
    """Whether ``key`` is for code of the server only."""
    return (
        isinstance(key, str)
        and key not in CLIENT_KEYS
        and (key in CONTROL_KEYS or key.startswith(CONTROL_PREFIXES))
    )


def clean(context):
    """``context`` without control keys; the same object when there are none."""
    if not any(is_control(key) for key in context):
        return context
    return {key: value for key, value in context.items() if not is_control(key)}
