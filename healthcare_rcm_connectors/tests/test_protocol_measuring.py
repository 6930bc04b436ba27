from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..protocol import amounts, configuration, latency
from ..protocol.families import COUNTER, GAUGE, HISTOGRAM, Family
from ..tools import prometheus_text


@tagged("post_install", "-at_install")
class TestAmounts(BaseCase):
    def test_places_and_lists(self):
        data = {
            "charge": {"amount": "25.10"},
            "charges": [{"amount": "1.10"}, {"amount": 2}],
        }
        self.assertEqual(amounts.total(data, "charge.amount"), Decimal("25.10"))
        self.assertEqual(amounts.total(data, "charges[].amount"), Decimal("3.10"))

    def test_what_is_not_there_or_no_number_is_none(self):
        for data in ({}, {"a": None}, {"a": "x"}, {"a": True}, {"a": "NaN"}, {"a": []}):
            with self.subTest(data):
                self.assertIsNone(amounts.total(data, "a"))
        self.assertIsNone(amounts.total({"a": {"b": 1}}, "a[].b"))

    def test_paths(self):
        for text in ("amount", "a.b", "charges[].amount", "a[]"):
            self.assertTrue(amounts.is_path(text), text)
        for text in ("", None, "a..b", "A", "a[0]", "a b", "a\n"):
            self.assertFalse(amounts.is_path(text), text)


@tagged("post_install", "-at_install")
class TestLatency(BaseCase):
    def test_bounds_belong_to_their_bucket(self):
        self.assertEqual(latency.bucket_of(0.5), 0)
        self.assertEqual(latency.bucket_of(0.51), 1)
        self.assertEqual(latency.bucket_of(1e9), latency.SIZE - 1)

    def test_quantile_is_never_too_small(self):
        counts = [0] * latency.SIZE
        counts[2], counts[5] = 95, 5
        self.assertEqual(latency.quantile(counts, 0.95), latency.BOUNDS[2])
        self.assertEqual(latency.quantile(counts, 0.96), latency.BOUNDS[5])
        self.assertIsNone(latency.quantile([], 0.95))

    def test_cumulative_ends_with_everything(self):
        counts = list(range(latency.SIZE))
        self.assertEqual(latency.cumulative(counts)[-1], ("+Inf", sum(counts)))
        self.assertEqual(latency.add(None, counts), counts)


@tagged("post_install", "-at_install")
class TestPrometheusText(BaseCase):
    def test_the_reference_parser_reads_it(self):
        from prometheus_client.parser import text_string_to_metric_families

        families = [
            Family("a_things", COUNTER, "Things.", ("kind",)).add(('x"\n\\',), 3),
            Family("a_depth", GAUGE, "Depth.").add((), 2.5),
            Family("a_seconds", HISTOGRAM, "Time.", ("kind",)).add(
                ("x",), 7.0, [1] * latency.SIZE
            ),
        ]
        text = prometheus_text.render(families).decode()
        read = {one.name: one for one in text_string_to_metric_families(text)}
        [sample] = [s for s in read["a_things"].samples if s.name == "a_things_total"]
        self.assertEqual((sample.value, sample.labels), (3.0, {"kind": 'x"\n\\'}))
        self.assertEqual(read["a_depth"].samples[0].value, 2.5)
        values = {s.name: s.value for s in read["a_seconds"].samples}
        self.assertEqual(values["a_seconds_sum"], 7.0)
        self.assertEqual(values["a_seconds_count"], latency.SIZE)

    def test_a_wrong_number_of_labels_is_refused(self):
        with self.assertRaises(ValueError):
            Family("a", GAUGE, "A.", ("x",)).add((), 1)


SAFE = {
    "base_url": "https://rcm.example.com",
    "proxy_mode": True,
    "list_db": False,
    "workers": 4,
    "dbfilter": "^rcm$",
    "database_count": 1,
    "admin_password_default": False,
    "log_levels": {"odoo.sql_db": 20},
    "log_db": False,
    "database_logs_values": False,
    "database_host": "",
    "database_tls": False,
    "test_enabled": False,
    "cron_threads": 2,
}


@tagged("post_install", "-at_install")
class TestConfiguration(BaseCase):
    def levels(self, **changes):
        facts = configuration.Facts(**{**SAFE, **changes})
        return {item.code: item.level for item in configuration.check(facts)}

    def test_a_safe_installation_has_nothing_to_change(self):
        facts = configuration.Facts(**SAFE)
        self.assertEqual(configuration.worst(configuration.check(facts)), "note")
        # what nobody can see from here is always said
        self.assertEqual(self.levels()["at_rest"], "note")

    def test_secrets_lie_safe_under_the_present_key_only(self):
        for key, states, level in (
            (False, {"plain"}, "note"),
            (True, set(), "ok"),
            (True, {"sealed"}, "ok"),
            (True, {"sealed", "plain"}, "warning"),
            (True, {"older"}, "warning"),
            (True, {"sealed", "locked"}, "problem"),
            (False, {"locked"}, "problem"),
        ):
            with self.subTest(key=key, states=states):
                found = self.levels(has_secret_key=key, secret_states=frozenset(states))
                self.assertEqual(found["secrets"], level)

    def test_each_fault_is_named(self):
        table = [
            ({"base_url": "http://rcm.example.com"}, "base_url", "problem"),
            ({"base_url": "http://localhost:8069"}, "base_url", "note"),
            ({"base_url": "http://127.0.0.1.evil.example"}, "base_url", "problem"),
            ({"proxy_mode": False}, "proxy_mode", "warning"),
            ({"list_db": True}, "list_db", "warning"),
            ({"admin_password_default": True}, "admin_passwd", "problem"),
            ({"dbfilter": "", "database_count": 3}, "dbfilter", "warning"),
            ({"dbfilter": ""}, "dbfilter", "ok"),
            ({"workers": 0}, "workers", "note"),
            ({"cron_threads": 0}, "cron_threads", "problem"),
            ({"cron_threads": 1}, "cron_threads", "note"),
            ({"test_enabled": True}, "test_enable", "problem"),
            ({"log_levels": {"odoo.sql_db": 10}}, "log_level", "problem"),
            ({"log_db": True}, "log_db", "warning"),
            ({"company_zone": ""}, "time_zone", "warning"),
            ({"company_zone": "America/New_York"}, "time_zone", "ok"),
            ({"database_logs_values": True}, "database_log", "problem"),
            ({"database_host": "db.example.com"}, "database_tls", "problem"),
            (
                {"database_host": "db.example.com", "database_tls": True},
                "database_tls",
                "ok",
            ),
            ({"database_host": "/var/run/postgresql"}, "database_tls", "ok"),
            ({"keys": (("a", 3, True),)}, "keys_soon", "warning"),
            ({"keys": (("a", 3, False),)}, "keys_soon", "ok"),
            ({"keys": (("a", 90, True),)}, "keys_soon", "ok"),
            ({"keys": (("a", None, True),)}, "keys_endless", "warning"),
            ({"webhooks": (("w", "http://x.example.com"),)}, "endpoints", "warning"),
            ({"webhooks": (("w", "https://10.0.0.1/x"),)}, "endpoints", "ok"),
            ({"monitors_without_network": ("p",)}, "monitors", "note"),
            ({"database_silence": (("Odoo", 25),)}, "database_silence", "ok"),
            ({"database_silence": (("Odoo", 31),)}, "database_silence", "warning"),
            ({"database_silence": (("Odoo", None),)}, "database_silence", "warning"),
            ({"loaded_first": False}, "server_wide", "warning"),
        ]
        for changes, code, level in table:
            with self.subTest(changes):
                self.assertEqual(self.levels(**changes)[code], level)
