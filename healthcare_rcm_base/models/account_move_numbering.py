from odoo import models


class BatchMemo(dict):
    """What was looked up while one batch of entries is posted.

    It travels in the context of that one private call. A client can send a dict, never
    an instance of this class.
    """

    KEY = "rcm_batch_memo"

    @classmethod
    def found_in(cls, context):
        """The memo of the running batch, or None outside of one."""
        memo = context.get(cls.KEY)
        return memo if isinstance(memo, cls) else None


class AccountMove(models.Model):
    """Numbers of many entries at once.

    Odoo looks the series of a journal up anew for each entry it posts, which costs
    more than all checks of a claim together. Within a batch the answer is the same for
    all entries of a journal, kind and day; counting stays Odoo's, under its lock.
    """

    _inherit = "account.move"

    def _get_next_sequence_format(self):
        memo = BatchMemo.found_in(self.env.context)
        if memo is None or not self._rcm_series_is_plain():
            return super()._get_next_sequence_format()
        refund = self.move_type in ("out_refund", "in_refund")
        key = (self.journal_id.id, refund, self.date)
        if key not in memo:
            memo[key] = super()._get_next_sequence_format()
        form, values = memo[key]
        return form, dict(values)  # the caller takes the number out of it

    def _rcm_series_is_plain(self):
        """Whether nothing but journal, kind and day decides about the series."""
        return bool(
            self.rcm_kind
            and self.date
            and not self.origin_payment_id
            and not self.journal_id.is_self_billing
        )


class AccountAnalyticAccount(models.Model):
    """Analytic accounts of many entries at once.

    Odoo asks the database for each journal item whether its account still exists.
    Nothing of a batch deletes one: the first answer holds for all of it.
    """

    _inherit = "account.analytic.account"

    def exists(self):
        memo = BatchMemo.found_in(self.env.context)
        if memo is None:
            return super().exists()
        key = (self._name, self._ids)
        if key not in memo:
            memo[key] = super().exists()._ids
        return self.browse(memo[key])
