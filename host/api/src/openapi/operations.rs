//! The table of operations.

use lockgate_core::code::Code;

use super::refusals::{ADDRESSED, ANNOUNCED, BROUGHT, CHOSEN, CONTINUED, FORM, OPENED, SPOKEN, USED, WENT_ON};
use super::{Answer, Operation, Parameter, Route, answer, header, path, query, with};

const BYTES: &[&str] = &["*/*"];
const CHUNK: &[&str] = &["application/offset+octet-stream"];
const JSON: Option<&str> = Some("application/json");
const TUS: Parameter = header("Tus-Resumable", "`1.0.0`.", true);
const UPLOAD: Parameter = path("id", "The upload's id, `upl_...`.");
const POSITION: &[&str] = &["Upload-Offset", "Upload-Expires", "Tus-Resumable"];

const HTML: Option<&str> = Some("text/html");
const SECRET: Parameter = path("token", "What the URL's maker was told.");
const TICKET_ITSELF: Parameter = path("tail", "The ticket that the use gave.");
const TICKET: &[Parameter] = &[
    SECRET,
    TICKET_ITSELF,
    header("Range", "One range of bytes.", false),
    header("If-Range", "The range only if the payload still has this ETag.", false),
    SAME_AS,
];
const DISCOVERED: Answer =
    with(204, "What is spoken.", &["Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm", "Tus-Max-Size"]);
const FETCHED: &[&str] = &["ETag", "Repr-Digest", "Content-Disposition", "Accept-Ranges"];
const TRANSFER: Parameter = path("id", "The transfer's id, `trf_...`.");
const DELIVERY: Parameter =
    query("delivery", "The id of one of the caller's deliveries, `dlv_...`: what that one carries.", false);
const SAME_AS: Parameter = header("If-Match", "Only if the payload has this ETag.", false);
const OTHER: Parameter = header("If-None-Match", "Only if the payload has another ETag.", false);
const FETCHING: &[Parameter] = &[
    TRANSFER,
    DELIVERY,
    header("Range", "One range of bytes.", false),
    header("If-Range", "The range only if the payload still has this ETag.", false),
    SAME_AS,
    OTHER,
];
const FETCHING_REFUSED: &[Code] = &[Code::PayloadNotFound, Code::PartnerSuspended, Code::PreconditionFailed];

const SAME: Answer = with(304, "The caller has these very bytes.", &["ETag"]);
const PAYLOADS: &[Answer] =
    &[with(200, "The payload.", FETCHED), with(206, "The part that was asked for.", &["Content-Range", "ETag"]), SAME];
/// HEAD knows no ranges.
const DESCRIBED: &[Answer] = &[with(200, "The payload.", FETCHED), SAME];

const fn discover(id: &'static str) -> Operation {
    Operation {
        method: "options",
        id,
        summary: "What is spoken here: tus versions, extensions, the largest upload.",
        token: false,
        parameters: &[],
        body: &[],
        answers: &[DISCOVERED],
        refusals: &[],
    }
}

/// Every REST route.
pub(super) const ROUTES: &[Route] = &[
    Route {
        path: "/transfers",
        operations: &[Operation {
            method: "post",
            id: "sendTransfer",
            summary: "Announces a transfer and brings its bytes, in one request.",
            token: true,
            parameters: &[
                query("to", "The receivers, by id or slug, separated by commas; may be repeated.", true),
                query("filename", "The file's name.", true),
                header(
                    "Idempotency-Key",
                    "Under a key the request may be repeated as it is until it is answered.",
                    false,
                ),
            ],
            body: &["*/*", "multipart/form-data"],
            answers: &[
                Answer { headers: &["Location"], ..answer(200, "It was there already, under the same key.", JSON) },
                Answer { headers: &["Location"], ..answer(201, "It was received.", JSON) },
            ],
            refusals: &[ANNOUNCED, CHOSEN, BROUGHT, FORM, WENT_ON],
        }],
    },
    Route {
        path: "/transfers/{id}/payload",
        operations: &[
            Operation {
                method: "get",
                id: "fetchPayload",
                summary: "The payload: to a receiver what was released to it or one delivery carries, to the sender what it sent.",
                token: true,
                parameters: FETCHING,
                body: &[],
                answers: PAYLOADS,
                refusals: &[FETCHING_REFUSED, &[Code::RangeNotSatisfiable]],
            },
            Operation {
                method: "head",
                id: "describePayload",
                summary: "The same without the bytes.",
                token: true,
                parameters: &[TRANSFER, DELIVERY, SAME_AS, OTHER],
                body: &[],
                answers: DESCRIBED,
                refusals: &[FETCHING_REFUSED],
            },
        ],
    },
    Route {
        path: "/s/{token}",
        operations: &[
            Operation {
                method: "get",
                id: "useSecureUrl",
                summary: "Uses a secure URL to fetch: the answer says where the bytes are. A browser gets a page instead.",
                token: false,
                parameters: &[SECRET, header("Authorization", "`Basic`: the passphrase as password.", false)],
                body: &[],
                answers: &[
                    answer(200, "The page, to a browser.", HTML),
                    with(303, "The use is counted.", &["Location"]),
                ],
                refusals: &[OPENED, USED],
            },
            Operation {
                method: "head",
                id: "lookAtSecureUrl",
                summary: "Whether it opens; uses nothing up.",
                token: false,
                parameters: &[SECRET],
                body: &[],
                answers: &[answer(200, "It opens.", None)],
                refusals: &[OPENED],
            },
            Operation {
                method: "post",
                id: "pressSecureUrl",
                summary: "The page's button: fetches, or hands in the form's field `file`.",
                token: false,
                parameters: &[SECRET],
                body: &["application/x-www-form-urlencoded", "multipart/form-data"],
                answers: &[answer(201, "The file has arrived.", HTML), with(303, "The use is counted.", &["Location"])],
                refusals: &[OPENED, USED, FORM, ANNOUNCED, BROUGHT],
            },
        ],
    },
    Route {
        path: "/s/{token}/{tail}",
        operations: &[
            Operation {
                method: "get",
                id: "fetchBySecureUrl",
                summary: "The bytes of a download that a use began, whole or in parts, for a day.",
                token: false,
                parameters: TICKET,
                body: &[],
                answers: PAYLOADS,
                refusals: &[OPENED, &[Code::PreconditionFailed, Code::RangeNotSatisfiable]],
            },
            Operation {
                method: "head",
                id: "describeBySecureUrl",
                summary: "The same without the bytes.",
                token: false,
                parameters: &[SECRET, TICKET_ITSELF, SAME_AS],
                body: &[],
                answers: DESCRIBED,
                refusals: &[OPENED, &[Code::PreconditionFailed]],
            },
            Operation {
                method: "put",
                id: "handInBySecureUrl",
                summary: "Hands in a file as a transfer of whose URL it is.",
                token: false,
                parameters: &[
                    SECRET,
                    path("tail", "The file's name."),
                    header("Authorization", "`Basic`: the passphrase as password.", false),
                ],
                body: BYTES,
                answers: &[answer(201, "It was received.", JSON)],
                refusals: &[OPENED, USED, FORM, ANNOUNCED, BROUGHT],
            },
        ],
    },
    Route {
        path: "/uploads",
        operations: &[
            Operation {
                method: "post",
                id: "createUpload",
                summary: "Announces a transfer whose bytes follow by tus 1.0; may bring the first of them.",
                token: true,
                parameters: &[
                    TUS,
                    header("Upload-Length", "How many bytes will come.", false),
                    header("Upload-Defer-Length", "`1`: the length is said later.", false),
                    header("Upload-Metadata", "`to`, `filename`, `filetype`, `idempotency-key`, each in Base64.", true),
                    header("Upload-Checksum", "The checksum of the bytes that come along.", false),
                ],
                body: CHUNK,
                answers: &[with(
                    201,
                    "It was announced.",
                    &["Location", "Upload-Offset", "Upload-Expires", "Tus-Resumable"],
                )],
                refusals: &[ANNOUNCED, CHOSEN, BROUGHT, SPOKEN, WENT_ON],
            },
            discover("discoverUploads"),
        ],
    },
    Route {
        path: "/uploads/{id}",
        operations: &[
            Operation {
                method: "head",
                id: "positionOfUpload",
                summary: "How many bytes are there, durably.",
                token: true,
                parameters: &[UPLOAD, TUS],
                body: &[],
                answers: &[with(200, "Where it stands.", POSITION)],
                refusals: &[ADDRESSED, &[Code::PartnerSuspended, Code::UploadLost]],
            },
            Operation {
                method: "patch",
                id: "appendToUpload",
                summary: "Brings the next bytes.",
                token: true,
                parameters: &[
                    UPLOAD,
                    TUS,
                    header("Upload-Offset", "Where the bytes begin: where the upload stands.", true),
                    header("Upload-Length", "The length, if it was deferred.", false),
                    header("Upload-Checksum", "The checksum of these bytes.", false),
                ],
                body: CHUNK,
                answers: &[with(204, "They are durable.", POSITION)],
                refusals: &[ADDRESSED, CONTINUED, BROUGHT, SPOKEN, WENT_ON],
            },
            Operation {
                method: "post",
                id: "overrideUpload",
                summary: "The other methods, for clients behind proxies that know none but GET and POST.",
                token: true,
                parameters: &[
                    UPLOAD,
                    TUS,
                    header(
                        "X-HTTP-Method-Override",
                        "`PATCH`, `DELETE` or `HEAD`; the answer is that of the method.",
                        true,
                    ),
                ],
                body: CHUNK,
                answers: &[
                    with(200, "Where it stands, for HEAD.", POSITION),
                    with(204, "The bytes are durable, for PATCH; it is given up, for DELETE.", POSITION),
                ],
                refusals: &[
                    ADDRESSED,
                    CONTINUED,
                    BROUGHT,
                    SPOKEN,
                    WENT_ON,
                    &[Code::MethodNotAllowed, Code::UploadComplete],
                ],
            },
            Operation {
                method: "delete",
                id: "terminateUpload",
                summary: "Gives it up, and with it the transfer.",
                token: true,
                parameters: &[UPLOAD, TUS],
                body: &[],
                answers: &[with(204, "It is given up.", &["Tus-Resumable"])],
                refusals: &[ADDRESSED, &[Code::UploadComplete, Code::UploadBusy]],
            },
            discover("discoverUpload"),
        ],
    },
    Route {
        path: "/plugins",
        operations: &[Operation {
            method: "post",
            id: "publishPlugin",
            summary: "Publishes a build of a plugin; the same build again is the version that is there.",
            token: true,
            parameters: &[query(
                "owner",
                "`house`, or a partner's id or slug; an integrator's own partner if nothing is said.",
                false,
            )],
            body: &["application/wasm"],
            answers: &[answer(200, "The version; it was there already.", JSON), answer(201, "The version.", JSON)],
            refusals: &[&[
                Code::InvalidInput,
                Code::Forbidden,
                Code::PartnerNotFound,
                Code::UnsupportedMediaType,
                Code::PluginNotAComponent,
                Code::PluginWrongContract,
                Code::PluginImportForbidden,
                Code::PluginManifestInvalid,
                Code::PluginTooLarge,
                Code::PluginTooCostly,
                Code::UploadInterrupted,
            ]],
        }],
    },
];
