import "@web/webclient/res_user_group_ids_field/res_user_group_ids_field";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";
import {registry} from "@web/core/registry";
import {escape} from "@web/core/utils/strings";

/**
 * Groups of a privilege that combines (`rcm_combine`): a check box for each.
 *
 * The server hands them over without their privilege, so the widget reads and saves
 * each as a value of its own, as it does with extra rights. What is left to do is to
 * show them under their category and not among the extra rights.
 */
const {component: ResUserGroupIdsField} = registry
    .category("fields")
    .get("res_user_group_ids");

patch(ResUserGroupIdsField.prototype, {
    getCategoryArch(category) {
        const combining = category.rcm_combining || [];
        const levels =
            category.privileges.length || !combining.length
                ? super.getCategoryArch(category)
                : "";
        return levels + combining.map((one) => this.getCombiningArch(one)).join("");
    },

    /** One privilege: its groups in two columns, then those that come along. */
    getCombiningArch({name, group_ids, along_ids}) {
        const half = Math.ceil(group_ids.length / 2);
        const along = along_ids.length
            ? `<group string="${escape(_t("Comes with the roles"))}">
                   ${this.getBoxes(along_ids)}
               </group>`
            : "";
        return `
            <group string="${escape(name)}" colspan="2" class="o_rcm_combining">
                <group>${this.getBoxes(group_ids.slice(0, half))}</group>
                <group>${this.getBoxes(group_ids.slice(half))}</group>
                ${along}
            </group>`;
    },

    getBoxes(groupIds) {
        const boxes = groupIds
            .map((groupId) => this.getPrivilegeArch({id: `group_${groupId}`}))
            .join("");
        return this.props.readonly ? boxes.replaceAll("/>", ' readonly="1"/>') : boxes;
    },

    getExtraGroupsArch() {
        const extra = this.extraCategory;
        const {groups} = this.props.record.data.view_group_hierarchy;
        this.extraCategory = {
            ...extra,
            privileges: extra.privileges.filter(
                ({groupId}) => !groups[groupId].rcm_combines
            ),
        };
        try {
            return super.getExtraGroupsArch();
        } finally {
            this.extraCategory = extra;
        }
    },
});
