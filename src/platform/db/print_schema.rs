//! Writes `schema.rs` from the migrated database, so that no other tool is needed for it.

use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::error::{Problem, Result};
use crate::sql;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = st::Text)]
    table_name: String,
    #[diesel(sql_type = st::Text)]
    column_name: String,
    #[diesel(sql_type = st::Text)]
    type_name: String,
    #[diesel(sql_type = st::Bool)]
    nullable: bool,
    #[diesel(sql_type = st::Bool)]
    key: bool,
}

/// The `table!` declarations of every table, in order of name; but for those of more columns than Diesel takes without
/// slowing every build, which are read by columns named where they are read.
pub fn print(conn: &mut PgConnection) -> Result<String> {
    let columns: Vec<Column> = sql!(
        "select c.relname::text as table_name, a.attname::text as column_name, t.typname::text as type_name,
                not a.attnotnull as nullable, coalesce(a.attnum = any(i.indkey::int2[]), false) as key
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         join pg_type t on t.oid = a.atttypid
         left join pg_index i on i.indrelid = c.oid and i.indisprimary
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname <> '__diesel_schema_migrations'
            and (select count(*) from pg_attribute x where x.attrelid = c.oid and x.attnum > 0 and not x.attisdropped) <= 32
         order by c.relname, a.attnum"
    )
    .load(conn)?;
    let mut text = String::from("// Written by `make schema` from the migrations.\n");
    let mut rest = columns.as_slice();
    while let Some(first) = rest.first() {
        let (table, others) = rest.split_at(rest.partition_point(|c| c.table_name == first.table_name));
        rest = others;
        let keys: Vec<&str> = table.iter().filter(|c| c.key).map(|c| c.column_name.as_str()).collect();
        text.push_str(&format!("\ndiesel::table! {{\n    {} ({}) {{\n", first.table_name, keys.join(", ")));
        for column in table {
            // Diesel has no type for transaction ids; nothing in Rust reads them.
            if column.type_name == "xid8" {
                continue;
            }
            let rust = rust_type(column)?;
            let renamed = if column.column_name == "type" {
                "        #[sql_name = \"type\"]\n        type_".to_owned()
            } else {
                format!("        {}", column.column_name)
            };
            text.push_str(&format!("{renamed} -> {rust},\n"));
        }
        text.push_str("    }\n}\n");
    }
    Ok(text)
}

fn rust_type(column: &Column) -> Result<String> {
    let (element, array) = match column.type_name.strip_prefix('_') {
        Some(element) => (element, true),
        None => (column.type_name.as_str(), false),
    };
    let plain = match element {
        "uuid" => "Uuid",
        "text" => "Text",
        "int2" => "Int2",
        "int4" => "Int4",
        "int8" => "Int8",
        "float8" => "Float8",
        "bool" => "Bool",
        "date" => "Date",
        "timestamptz" => "Timestamptz",
        "bytea" => "Bytea",
        "jsonb" => "Jsonb",
        other => return Err(Problem::internal(format!("schema: no Rust type for {other}"))),
    };
    let typed = if array { format!("Array<{plain}>") } else { plain.to_owned() };
    Ok(if column.nullable { format!("Nullable<{typed}>") } else { typed })
}
