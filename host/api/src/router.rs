//! All routes in one place.

use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use lockgate_core::code::Code;
use tower::limit::ConcurrencyLimitLayer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::ApiState;
use crate::edge;
use crate::graphql::ApiSchema;
use crate::http::problem::Problem;
use crate::http::{envelope, graphql as graphql_http, payload, plugins, secure_url, socket, transfers, uploads};

/// Components are held in memory while they are looked at: so many at once.
const COMPONENTS_AT_ONCE: usize = 4;

/// The routes of the API.
pub fn router(state: ApiState) -> Router {
    let schema = ApiSchema::new(&state.settings);
    let graphql = Router::new()
        .route("/graphql", get(graphql_http::get).post(graphql_http::post))
        .route("/graphql/ws", get(socket::open))
        .layer(Extension(schema));
    let tus = Router::new()
        .route("/uploads", post(uploads::create).options(uploads::discover))
        .route(
            "/uploads/{id}",
            get(uploads::no_download)
                .head(uploads::position)
                .patch(uploads::append)
                .delete(uploads::terminate)
                .post(uploads::overridden)
                .options(uploads::discover),
        )
        .layer(middleware::from_fn(uploads::speak_tus));
    let plugins =
        Router::new().route("/plugins", post(plugins::publish)).layer(ConcurrencyLimitLayer::new(COMPONENTS_AT_ONCE));
    let mut routes = Router::new()
        .route("/transfers", post(transfers::send))
        .route("/transfers/{id}/payload", get(payload::fetch))
        .route("/s/{token}", get(secure_url::show).post(secure_url::press))
        .route("/s/{token}/{tail}", get(secure_url::fetch).put(secure_url::put))
        .merge(graphql)
        .merge(tus)
        .merge(plugins);
    if state.settings.development {
        routes = routes.route("/graphiql", get(graphql_http::graphiql));
    }
    routes
        .fallback(async || Problem::new(Code::ResourceNotFound, "there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "the resource does not know this method")
        })
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(middleware::from_fn_with_state(state.clone(), edge::guard))
        .layer(middleware::from_fn_with_state(state.clone(), envelope::wrap))
        .with_state(state)
}
