"""A caller's languages that cannot be read are none: the call goes on without.

Werkzeug stumbles over some malformed ``Accept-Language`` headers (``a; *=1``), and Odoo
reads the header of every request before any address is looked up: the caller would get
a bare 500. RFC 9110, 12.5.4: the header is a wish, so it is left aside.
"""

import functools

from odoo import http

_best_lang = http.Request.best_lang.func


def best_lang(request):
    """As Odoo finds it; None where the header cannot be read."""
    try:
        return _best_lang(request)
    except IndexError:  # of werkzeug.http.dump_options_header
        return None


http.Request.best_lang = functools.cached_property(best_lang)
http.Request.best_lang.__set_name__(http.Request, "best_lang")
