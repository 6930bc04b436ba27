"""The words of files of patient data leave Odoo's search index."""


def migrate(cr, version):
    cr.execute(
        "UPDATE ir_attachment SET index_content = NULL"
        " WHERE res_model LIKE 'rcm.%' AND res_field IS NOT NULL"
        " AND index_content IS NOT NULL"
    )
