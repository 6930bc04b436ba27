from odoo import api, fields, models, tools


class ResGroupsPrivilege(models.Model):
    """A privilege whose groups combine: one check box for each on the user form.

    Odoo offers the groups of a privilege as levels of which a person has one. Roles
    are no levels: a biller may be denial analyst as well.
    """

    _inherit = "res.groups.privilege"

    rcm_combine = fields.Boolean(
        "Groups Combine",
        help="The user form shows one check box for each group, and a person may have "
        "several. Otherwise the groups are levels: a person has one of them.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        privileges = super().create(vals_list)
        self.env.registry.clear_cache("groups")
        return privileges

    def write(self, vals):
        result = super().write(vals)
        # what the user form shows is kept in this cache
        self.env.registry.clear_cache("groups")
        return result

    def _rcm_boxes(self):
        """Its groups in order: what is chosen, then what comes along with that."""
        self.ensure_one()
        groups = self.group_ids.sorted(lambda group: (group.sequence, group.id))
        along = groups.filtered(
            lambda group: (group.all_implied_by_ids - group) & groups
        )
        return {
            "id": self.id,
            "name": self.name,
            "group_ids": (groups - along).ids,
            "along_ids": along.ids,
        }


class ResGroups(models.Model):
    """What the user form is told of groups that combine."""

    _inherit = "res.groups"

    @api.model
    @tools.ormcache("self.env.lang", cache="groups")
    def _get_view_group_hierarchy(self):
        """Groups of combining privileges are no levels: the form gets them apart.

        The form's widget then takes each of them for what it calls an extra right, a
        value of its own that is kept whatever else is chosen; ``rcm_combining`` of
        their category says where they are shown.
        """
        hierarchy = super()._get_view_group_hierarchy()
        combining = self.env["res.groups.privilege"].search(
            [("rcm_combine", "=", True)]
        )
        if not combining:
            return hierarchy
        # the original is cached: copied, not changed
        return {
            "groups": {
                id_: group
                if group["privilege_id"] not in combining._ids
                else {**group, "privilege_id": False, "rcm_combines": True}
                for id_, group in hierarchy["groups"].items()
            },
            "privileges": {
                id_: privilege
                for id_, privilege in hierarchy["privileges"].items()
                if id_ not in combining._ids
            },
            "categories": self._rcm_categories(hierarchy["categories"], combining),
        }

    @api.model
    def _rcm_categories(self, categories, combining):
        """``categories`` of the user form, their combining privileges apart."""
        elsewhere = combining.filtered(lambda one: not one.category_id)
        if elsewhere.group_ids:
            other = {"id": "rcm_other", "name": self.env._("Other")}
            categories = [*categories, {**other, "privilege_ids": elsewhere.ids}]
        return [
            {
                **category,
                "privilege_ids": [
                    id_
                    for id_ in category["privilege_ids"]
                    if id_ not in combining._ids
                ],
                "rcm_combining": [
                    privilege._rcm_boxes()
                    for privilege in combining
                    if privilege.id in category["privilege_ids"]
                ],
            }
            for category in categories
        ]
