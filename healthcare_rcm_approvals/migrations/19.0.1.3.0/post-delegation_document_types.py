def migrate(cr, version):
    """A delegation of one type of document becomes one of several: of this one."""
    if not version:
        return
    cr.execute(
        "SELECT 1 FROM information_schema.columns"
        " WHERE table_name = 'rcm_approval_delegation'"
        " AND column_name = 'document_type'"
    )
    if not cr.rowcount:
        return
    cr.execute(
        "INSERT INTO rcm_approval_delegation_document_type_rel (delegation_id, term_id)"
        " SELECT delegation.id, term.id"
        " FROM rcm_approval_delegation delegation"
        " JOIN rcm_approval_term term"
        " ON term.kind = 'document_type' AND term.code = delegation.document_type"
        " ON CONFLICT DO NOTHING"
    )
