//! Words of the journal.

use crate::text_enum;

text_enum! {
    /// What happened to a row.
    pub enum AuditAction "audit_actions" ["audit_entries.action"] {
        Insert "insert" "Création" "Created",
        Update "update" "Modification" "Changed",
        Delete "delete" "Suppression" "Deleted",
    }
}
