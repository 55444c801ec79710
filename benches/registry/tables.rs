//! What an import of people fills, in an order that the foreign keys allow.

pub const TABLES: [&str; 9] = [
    "person",
    "personal_number",
    "card",
    "residence",
    "contact",
    "household",
    "household_member",
    "relation",
    "name_word",
];
