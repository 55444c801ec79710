//! Tables of counts for whoever plans schools and clinics: by unit, age, sex and status, small cells withheld.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::Date;

use crate::{
    base::Fault,
    registry::{
        admin_unit,
        statistics::{Cell, Counted, ROUNDED_TO, SMALLEST, Table, age_band},
    },
    store::{
        Conn,
        statistics::{self, CountedRow},
    },
};

/// By what people are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Unit,
    AgeBand,
    Sex,
    Vital,
}

impl Dimension {
    pub const ALL: [Self; 4] = [Self::Unit, Self::AgeBand, Self::Sex, Self::Vital];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::AgeBand => "age_band",
            Self::Sex => "sex",
            Self::Vital => "vital",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }

    fn value(self, row: &CountedRow, today: Date) -> String {
        match self {
            Self::Unit => row.unit.clone(),
            Self::AgeBand => age_band(today.year() - row.birth_year),
            Self::Sex => row.sex.clone(),
            Self::Vital => row.vital.clone(),
        }
    }
}

/// What is counted: everybody by these dimensions, of the country or of one province.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub by: Vec<Dimension>,
    pub province: Option<String>,
}

/// The living only, where the question does not ask by status: the dead are nobody's neighbours.
pub async fn table(conn: &mut Conn, question: &Question, today: Date) -> Result<Table, Fault> {
    let all = question.by.contains(&Dimension::Vital);
    let mut cells: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    // A province at a time: none of the statements reads the whole table.
    let country = admin_unit::provinces_on(today).map(|unit| unit.code).chain([""]);
    let provinces: Vec<&str> = question.province.as_deref().map_or_else(|| country.collect(), |one| vec![one]);
    for province in provinces {
        let rows = statistics::counted(conn, province).await?;
        for mut row in rows.into_iter().filter(|row| all || row.vital == "alive") {
            if question.province.is_none() {
                province.clone_into(&mut row.unit);
            }
            let key = question.by.iter().map(|dimension| dimension.value(&row, today)).collect();
            *cells.entry(key).or_default() += row.people;
        }
    }
    let counted: Vec<Counted> = cells.into_iter().map(|(key, people)| Counted { key, people }).collect();
    Ok(Table::of(&counted, question.by.len()))
}

/// With the units' names beside their codes, and what was withheld named as such.
pub fn as_json(table: &Table, question: &Question, today: Date) -> Value {
    let names: Vec<&str> = question.by.iter().map(|dimension| dimension.name()).collect();
    let cell = |cell: &Cell, names: &[&str]| {
        let mut object = serde_json::Map::new();
        for (name, value) in names.iter().zip(&cell.key) {
            object.insert((*name).to_owned(), json!(value));
            if *name == "unit" {
                object.insert("unit_name".to_owned(), json!(admin_unit::on(value, today).map(|unit| unit.full_name)));
            }
        }
        object.insert("people".to_owned(), json!(cell.people));
        Value::Object(object)
    };
    let margins: serde_json::Map<String, Value> = names
        .iter()
        .zip(&table.margins)
        .map(|(name, margin)| ((*name).to_owned(), margin.iter().map(|one| cell(one, &[*name])).collect()))
        .collect();
    json!({
        "by": names, "province": question.province, "as_of": today.to_string(), "smallest_shown": SMALLEST,
        "rounded_to": ROUNDED_TO,
        "total": table.total, "cells": table.cells.iter().map(|one| cell(one, &names)).collect::<Vec<_>>(),
        "margins": margins,
    })
}
