//! Fills templates and their versions.

use async_trait::async_trait;
use commands::log::Recorded;
use domain::template::{TemplateEvent, TemplateVersion};
use domain::{Event, Position};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::projection::Projection;
use crate::projector::{Projector, Tables};

/// Folds the events of templates. They are rare, so each is written by itself.
pub(crate) struct Templates;

#[async_trait]
impl Projector for Templates {
    fn projection(&self) -> Projection {
        Projection::Templates
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../migrations/projections/templates.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        Some(&["template"])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], _: Tables) -> sqlx::Result<()> {
        for recorded in events {
            let (Some(id), Ok(Event::Template(event))) = (recorded.id(), &recorded.event) else { continue };
            match event {
                TemplateEvent::TemplateCreated { company, channel, first } => {
                    sqlx::query(
                        "insert into templates (template_id, company_id, channel, version, created_at, created_position,
                                                position)
                         values ($1, $2, $3, 1, $4, $5, $5)",
                    )
                    .bind(id)
                    .bind(company.map(Uuid::from))
                    .bind(channel.as_str())
                    .bind(first.at)
                    .bind(recorded.position)
                    .execute(&mut *tx)
                    .await?;
                    insert_version(tx, id, 1, first).await?;
                }
                TemplateEvent::TemplateVersionAdded { number, version } => {
                    let number = i32::try_from(*number).unwrap_or(i32::MAX);
                    update(tx, id, number, recorded.position).await?;
                    insert_version(tx, id, number, version).await?;
                }
            }
        }
        Ok(())
    }
}

async fn update(tx: &mut PgConnection, id: Uuid, number: i32, position: Position) -> sqlx::Result<()> {
    sqlx::query("update templates set version = $2, position = $3 where template_id = $1")
        .bind(id)
        .bind(number)
        .bind(position)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert_version(
    tx: &mut PgConnection,
    id: Uuid,
    number: i32,
    version: &TemplateVersion,
) -> sqlx::Result<()> {
    let content = &version.content;
    sqlx::query(
        "insert into template_versions (template_id, version, name, category, subject, body, body_is_derived, html,
                                        variables, author_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(number)
    .bind(&version.name)
    .bind(version.category.as_str())
    .bind(&content.subject)
    .bind(&content.body)
    .bind(content.body_is_derived)
    .bind(content.html.as_ref().map(|html| html.source.as_str()))
    .bind(Json(&content.variables))
    .bind(version.author.uuid())
    .bind(version.at)
    .execute(tx)
    .await?;
    Ok(())
}
