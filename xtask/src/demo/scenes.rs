//! The scenes, in order: each sends a real file through the gate and checks what came of it.

mod asking;
mod files;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;

use super::cast::{self, GLOBEX_SECRET, WEBHOOK_SECRET};
use crate::receiver::{Behaviour, Receivers};
use crate::stage::Stage;
use crate::story::Story;
use crate::trail::Trail;

/// Plays all scenes.
pub(super) async fn play(root: &Path, stage: &Stage, trail: &Trail, story: &mut Story) -> Result<()> {
    let receivers = Receivers::start(HashMap::from([
        ("globex".to_owned(), Behaviour { secret: Some(GLOBEX_SECRET.to_owned()), refusals: 0, down: false }),
        ("initech".to_owned(), Behaviour { secret: None, refusals: 2, down: false }),
        ("acme-webhook".to_owned(), Behaviour { secret: Some(WEBHOOK_SECRET.to_owned()), refusals: 0, down: false }),
        ("initech-webhook".to_owned(), Behaviour { secret: Some(WEBHOOK_SECRET.to_owned()), refusals: 0, down: false }),
    ]))
    .await?;
    story.say("Three partners: Acme sends to Globex and Initech, Initech sends to Globex, under an agreement each.");
    story.say("Publishing six plugins and binding them in three policies ...");
    let cast = cast::assemble(root, stage, &receivers).await?;
    let masked = files::one_file_two_maskings(root, &cast, &receivers, story).await?;
    files::rejected(root, &cast, &receivers, story).await?;
    files::held_and_released(root, &cast, story).await?;
    files::routed_by_type(root, &cast, story).await?;
    asking::did_they_get_it(root, &cast, story).await?;
    asking::one_trace(&cast, trail, &masked, story).await
}

/// What a person can try while everything is up.
pub(super) fn how_to_look_further(stage: &Stage, story: &Story) -> Result<()> {
    let operator = stage.client("operator", "")?;
    story.say(&format!(
        "\nEverything is up until Ctrl-C.\n\n   GraphiQL   {0}/graphiql\n   metrics    {1}/metrics\n   token      {2}\n\n   \
         curl -s {0}/graphql -H 'authorization: Bearer '$TOKEN -H 'content-type: application/json' \\\n     \
         -d '{{\"query\":\"{{ transfers(first: 10) {{ nodes {{ id fileName state reason }} }} }}\"}}'",
        stage.hosts[0].base,
        stage.hosts[0].admin,
        operator.token(),
    ));
    Ok(())
}
