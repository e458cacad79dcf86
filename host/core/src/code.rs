//! Codes: the one list of public error codes; every use-case error has one, and `docs/errors.md` a paragraph on each.

use std::fmt;

macro_rules! codes {
    ($($name:ident $wire:literal $status:literal $meaning:literal;)*) => {
        /// What went wrong, for programs. Names on the wire never change and are never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire, such as `TRANSFER_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }

            /// One sentence for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// The HTTP status where an error is a whole response (uploads, downloads); GraphQL answers 200.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    Unauthenticated "UNAUTHENTICATED" 401 "No token, or one that is forged, not yet valid or not for this installation.";
    TokenExpired "TOKEN_EXPIRED" 401 "The token has expired; get a new one.";
    Forbidden "FORBIDDEN" 403 "The viewer sees it but its role may not do this.";

    RateLimited "RATE_LIMITED" 429 "More requests, or more failed tokens, than allowed in the window; wait as long as the error says.";

    QueryMalformed "QUERY_MALFORMED" 400 "The GraphQL document or the request around it cannot be parsed.";
    QueryInvalid "QUERY_INVALID" 400 "The GraphQL document does not fit the schema.";
    QueryTooDeep "QUERY_TOO_DEEP" 400 "The GraphQL document nests deeper than allowed.";
    QueryTooComplex "QUERY_TOO_COMPLEX" 400 "The GraphQL document asks for more than allowed at once.";
    QueryTooManyAliases "QUERY_TOO_MANY_ALIASES" 400 "The GraphQL document has more aliases than allowed.";
    QueryTooManyDirectives "QUERY_TOO_MANY_DIRECTIVES" 400 "The GraphQL document has more directives than allowed.";
    RequestTooLarge "REQUEST_TOO_LARGE" 413 "The request's body is larger than allowed.";
    RequestTimeout "REQUEST_TIMEOUT" 408 "The request's body came too slowly; what an upload brought before is kept.";
    PageTooLarge "PAGE_TOO_LARGE" 400 "More items were asked for than a page may have.";
    InvalidCursor "INVALID_CURSOR" 400 "The cursor was not made by this installation or belongs to another list.";
    InvalidId "INVALID_ID" 400 "The text is not an id of the wanted kind.";
    InvalidInput "INVALID_INPUT" 400 "A field of the input is missing, unknown or out of range.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 "The resource does not know the method.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 "The request's body is of a type that this resource does not take.";
    NotAcceptable "NOT_ACCEPTABLE" 406 "No media type that the client accepts is offered.";
    UpgradeRequired "UPGRADE_REQUIRED" 426 "The resource is a WebSocket.";
    PersistedQueryNotFound "PERSISTED_QUERY_NOT_FOUND" 404 "There is no persisted document of that digest; send its text.";
    OperationNotPersisted "OPERATION_NOT_PERSISTED" 403 "The role may execute persisted documents only.";
    TooManySubscriptions "TOO_MANY_SUBSCRIPTIONS" 429 "The connection follows as much as it may.";
    UpdatesMissed "UPDATES_MISSED" 409 "More changed than could be told; ask for the list and subscribe again.";
    ResourceNotFound "RESOURCE_NOT_FOUND" 404 "There is nothing at this path.";

    TransferNotFound "TRANSFER_NOT_FOUND" 404 "There is no such transfer that the viewer may see.";
    UploadNotFound "UPLOAD_NOT_FOUND" 404 "There is no such upload that the viewer may see.";
    ConsignmentNotFound "CONSIGNMENT_NOT_FOUND" 404 "There is no such consignment that the viewer may see.";
    DeliveryNotFound "DELIVERY_NOT_FOUND" 404 "There is no such delivery that the viewer may see.";
    RedriveNotFound "REDRIVE_NOT_FOUND" 404 "There is no such redrive that the viewer may see.";
    PayloadNotFound "PAYLOAD_NOT_FOUND" 404 "There is no released payload that the viewer may see.";
    PartnerNotFound "PARTNER_NOT_FOUND" 404 "There is no such partner that the viewer may see.";
    AgreementNotFound "AGREEMENT_NOT_FOUND" 404 "There is no such agreement that the viewer may see.";
    DestinationNotFound "DESTINATION_NOT_FOUND" 404 "There is no such destination that the viewer may see.";
    ChannelNotFound "CHANNEL_NOT_FOUND" 404 "There is no such channel that the viewer may see.";
    PolicyNotFound "POLICY_NOT_FOUND" 404 "There is no such policy that the viewer may see.";
    RevisionNotFound "REVISION_NOT_FOUND" 404 "There is no such policy revision that the viewer may see.";
    PluginNotFound "PLUGIN_NOT_FOUND" 404 "There is no such plugin version that the owner may bind.";
    SecretNotFound "SECRET_NOT_FOUND" 404 "The owner has no secret of that name; set it first.";
    SecureUrlNotFound "SECURE_URL_NOT_FOUND" 404 "There is no such secure URL, or none that the viewer may see.";
    RangeNotSatisfiable "RANGE_NOT_SATISFIABLE" 416 "The range lies outside of the payload.";
    PreconditionFailed "PRECONDITION_FAILED" 412 "The payload is another one than `If-Match` names.";

    PartnerSuspended "PARTNER_SUSPENDED" 403 "The partner is suspended; ask the operator.";
    NoReceivers "NO_RECEIVERS" 400 "The transfer names no receiver.";
    TooManyReceivers "TOO_MANY_RECEIVERS" 400 "The transfer names more receivers than allowed.";
    NoAgreement "NO_AGREEMENT" 403 "The sender has no active agreement with a partner of that name, known or not.";
    MediaTypeNotAgreed "MEDIA_TYPE_NOT_AGREED" 415 "The agreement does not admit this media type.";
    InvalidMediaType "INVALID_MEDIA_TYPE" 400 "The text is not a media type such as `text/csv`.";
    PayloadTooLarge "PAYLOAD_TOO_LARGE" 413 "The payload is larger than the agreement or the installation admits.";
    InvalidFileName "INVALID_FILE_NAME" 400 "The file name is empty, too long, a path, or holds characters that mislead.";
    InvalidIdempotencyKey "INVALID_IDEMPOTENCY_KEY" 400 "The idempotency key is empty, too long or not printable ASCII.";
    IdempotencyConflict "IDEMPOTENCY_CONFLICT" 409 "The idempotency key was used with another input.";
    QuotaExceeded "QUOTA_EXCEEDED" 429 "The sender handed in as much as it may within a day, or has as much in store as it may; the error names the quota, its bound, its use and what helps.";

    UploadOffsetMismatch "UPLOAD_OFFSET_MISMATCH" 409 "The upload stands at another offset; the error names it.";
    UploadChecksumMismatch "UPLOAD_CHECKSUM_MISMATCH" 460 "The bytes do not have the checksum that was sent with them; none was kept.";
    UploadChecksumUnsupported "UPLOAD_CHECKSUM_UNSUPPORTED" 400 "The checksum's algorithm is not one of those offered.";
    UploadTooLong "UPLOAD_TOO_LONG" 413 "More bytes came than were announced.";
    UploadLengthConflict "UPLOAD_LENGTH_CONFLICT" 400 "The length was already given, or is smaller than what has come.";
    UploadExpired "UPLOAD_EXPIRED" 410 "The upload was given up because no bytes came in time.";
    UploadLost "UPLOAD_LOST" 410 "Bytes of the upload that were acknowledged are gone from the payload store; end it, announce the transfer again and send all its bytes.";
    UploadBusy "UPLOAD_BUSY" 423 "Another request continued the upload; ask for the offset and go on from there.";
    UploadUnfinished "UPLOAD_UNFINISHED" 409 "A partial upload lacks bytes; finish it before it is assembled.";
    UploadAssembled "UPLOAD_ASSEMBLED" 403 "The upload is assembled from partial ones and takes no bytes itself.";
    UploadComplete "UPLOAD_COMPLETE" 409 "The upload is complete; cancel the transfer instead.";
    UploadInterrupted "UPLOAD_INTERRUPTED" 400 "The connection broke; ask for the offset and go on from there, or send all again if no upload is left.";
    UploadMetadataInvalid "UPLOAD_METADATA_INVALID" 400 "The tus headers are missing, malformed or contradictory.";
    UploadsCrowded "UPLOADS_CROWDED" 503 "The host holds as many bytes of uploads as it may; wait as long as the answer says, then continue the upload, or send all again if none is left.";
    TusVersionUnsupported "TUS_VERSION_UNSUPPORTED" 412 "Only tus 1.0.0 is spoken.";

    InvalidSecureUrl "INVALID_SECURE_URL" 400 "The secure URL cannot be made as it is asked for; the message says why.";
    SecureUrlEnded "SECURE_URL_ENDED" 410 "The secure URL has expired, was used up, taken back or locked.";
    PassphraseRequired "PASSPHRASE_REQUIRED" 401 "The secure URL opens with its passphrase only, and the right one did not come.";

    ReasonRequired "REASON_REQUIRED" 400 "A person's decision needs a reason.";
    ReasonTooLong "REASON_TOO_LONG" 400 "The reason has more than 500 characters.";
    IllegalMove "ILLEGAL_MOVE" 409 "It is not in a state from which this can be done.";
    DestinationDisabled "DESTINATION_DISABLED" 409 "The destination is turned off; enable it first, then send again.";
    InvalidRedrive "INVALID_REDRIVE" 400 "The redrive cannot be started as it is asked for; the message says why.";
    ConcurrentChange "CONCURRENT_CHANGE" 409 "It kept changing in the meantime; look again and repeat.";

    InvalidSlug "INVALID_SLUG" 400 "A slug has 2 to 40 lower-case letters, digits and single hyphens, begins with a letter, and is not `house`.";
    InvalidName "INVALID_NAME" 400 "The name is empty, too long or holds characters that names must not have.";
    InvalidUrl "INVALID_URL" 400 "The URL is malformed, not http(s), or carries credentials.";
    InvalidEndpoint "INVALID_ENDPOINT" 400 "A field of the endpoint is missing or malformed.";
    NameTaken "NAME_TAKEN" 409 "There already is one of that name.";
    InvalidAgreement "INVALID_AGREEMENT" 400 "An agreement needs two different partners and sensible terms.";
    InvalidSecret "INVALID_SECRET" 400 "The secret is empty, larger than 16 KiB, or no key although it has to sign.";
    InvalidTable "INVALID_TABLE" 400 "The lookup table is larger than allowed or has entries that are.";

    PluginNotAComponent "PLUGIN_NOT_A_COMPONENT" 400 "The bytes are not a WebAssembly component.";
    PluginWrongContract "PLUGIN_WRONG_CONTRACT" 400 "The component does not fit the contract `lockgate:policy@1`.";
    PluginImportForbidden "PLUGIN_IMPORT_FORBIDDEN" 400 "The component imports what no plugin may have, or what was not granted.";
    PluginManifestInvalid "PLUGIN_MANIFEST_INVALID" 400 "The component's manifest is missing or wrong.";
    PluginTooLarge "PLUGIN_TOO_LARGE" 413 "The component is larger than allowed.";
    PluginTooCostly "PLUGIN_TOO_COSTLY" 400 "The component could not be compiled within the limits of time and memory.";
    SettingsInvalid "SETTINGS_INVALID" 400 "The settings break the plugin's schema, or the plugin refused them.";
    BindingInvalid "BINDING_INVALID" 400 "The binding asks for something that the plugin or the installation does not offer.";
    BindingNameTaken "BINDING_NAME_TAKEN" 400 "Two bindings of one revision have the same name.";
    FailureModeUnfit "FAILURE_MODE_UNFIT" 400 "The hook does not know this failure mode.";
    LimitAboveCeiling "LIMIT_ABOVE_CEILING" 400 "A limit is higher than the installation's ceiling.";
    TooManyBindings "TOO_MANY_BINDINGS" 400 "The revision has more bindings than allowed.";

    TemporarilyUnavailable "TEMPORARILY_UNAVAILABLE" 503 "A service that is needed does not answer; nothing was changed, try again.";
    Internal "INTERNAL" 500 "Our fault; name the trace id when you report it.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
