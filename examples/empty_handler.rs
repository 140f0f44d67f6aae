//! An actix handler that does nothing: one half of the limit that `make bench` compares with.

use actix_web::{App, HttpResponse, HttpServer, get};

#[get("/")]
async fn empty() -> HttpResponse {
    HttpResponse::Ok().finish()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    HttpServer::new(|| App::new().service(empty)).workers(cores).bind(address)?.run().await
}
