using System;
using System.Management.Automation;
using System.Text.Json;

namespace ExchangeOnlineRs.Native;

/// <summary>A fault as the core reports it.</summary>
internal sealed class Fault
{
    private const string NotConnected = "notConnected";

    private Fault(string kind, string message, string errorId)
    {
        Kind = kind;
        Message = message;
        ErrorId = errorId;
    }

    internal string Kind { get; }

    internal string Message { get; }

    internal string ErrorId { get; }

    internal string? ExceptionType { get; private init; }

    internal int? Status { get; private init; }

    internal string? RequestId { get; private init; }

    internal string? Server { get; private init; }

    internal bool EndsSession { get; private init; }

    internal string? Detail { get; private init; }

    internal bool IsCancelled => Kind == "cancelled";

    internal static Fault Internal(string message) => new("internal", message, "InternalError");

    internal static Fault Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return Internal("The native core reported a fault without saying which.");
        }

        string kind = Text(json, "kind") ?? "internal";
        return new Fault(kind, Text(json, "message") ?? kind, Text(json, "errorId") ?? kind)
        {
            ExceptionType = Text(json, "exceptionType"),
            Status = json.TryGetProperty("status", out JsonElement status) && status.ValueKind == JsonValueKind.Number && status.TryGetInt32(out int code) ? code : null,
            RequestId = Text(json, "requestId"),
            Server = Text(json, "server"),
            EndsSession = json.TryGetProperty("endsSession", out JsonElement ends) && ends.ValueKind == JsonValueKind.True,
            Detail = Text(json, "detail"),
        };
    }

    /// <summary>The record PowerShell shows. The one place where kinds of fault become categories.</summary>
    internal ErrorRecord ToErrorRecord(object? target)
    {
        Exception exception = Kind == NotConnected ? new NotConnectedException(this, Category) : new ExchangeOnlineException(this);
        var record = new ErrorRecord(exception, ErrorId, Category, target);
        if (!string.IsNullOrEmpty(ExceptionType))
        {
            // Scripts read the service's class here, as they do with the original.
            record.CategoryInfo.Reason = ExceptionType[(ExceptionType.LastIndexOf('.') + 1)..];
        }

        return record;
    }

    private ErrorCategory Category => Kind switch
    {
        "authentication" or "interactionRequired" or "consent" => ErrorCategory.AuthenticationError,
        "signInCancelled" or "cancelled" => ErrorCategory.OperationStopped,
        NotConnected or "network" => ErrorCategory.ConnectionError,
        "invalidArgument" or "ambiguous" => ErrorCategory.InvalidArgument,
        "invalidOperation" or "pageExpired" => ErrorCategory.InvalidOperation,
        "notFound" => ErrorCategory.ObjectNotFound,
        "alreadyExists" => ErrorCategory.ResourceExists,
        "denied" => ErrorCategory.PermissionDenied,
        "throttled" => ErrorCategory.LimitsExceeded,
        "serviceUnavailable" => ErrorCategory.ResourceUnavailable,
        "certificate" => ErrorCategory.SecurityError,
        "timeout" => ErrorCategory.OperationTimeout,
        "protocol" => ErrorCategory.ProtocolError,
        _ => ErrorCategory.NotSpecified,
    };

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Carries a fault up to the cmdlet.</summary>
internal sealed class FaultException : Exception
{
    internal FaultException(Fault fault)
        : base(fault.Message) => Fault = fault;

    internal Fault Fault { get; }
}
