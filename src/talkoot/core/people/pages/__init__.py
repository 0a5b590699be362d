"""Pages of this room: one's own account, organisations and their roles, the audit trail."""
