using System;
using System.Management.Automation;

namespace ExchangeOnlineRs;

/// <summary>What Exchange Online, the sign-in or the way there reported.</summary>
/// <remarks>
/// The message keeps the service's form, <c>Ex6F9304|Class|Text</c>, because scripts look into it; what else is known is
/// here, so that new scripts need not.
/// </remarks>
public sealed class ExchangeOnlineException : Exception
{
    internal ExchangeOnlineException(Native.Fault fault)
        : base(fault.Message)
    {
        Kind = fault.Kind;
        StatusCode = fault.Status;
        RequestId = fault.RequestId;
        Server = fault.Server;
        ServiceExceptionType = fault.ExceptionType;
    }

    /// <summary>The kind of failure, such as <c>notFound</c>, <c>throttled</c> or <c>network</c>.</summary>
    public string Kind { get; }

    /// <summary>The HTTP status of the answer, if there was one.</summary>
    public int? StatusCode { get; }

    /// <summary>The id under which the service knows the request; support asks for it.</summary>
    public string? RequestId { get; }

    /// <summary>The server that answered.</summary>
    public string? Server { get; }

    /// <summary>The class name of the exception in the service.</summary>
    public string? ServiceExceptionType { get; }
}

/// <summary>There is no connection that the command could run on.</summary>
/// <remarks>
/// In the original a cmdlet of the service comes with the connection, so that scripts connect when they catch a
/// <see cref="CommandNotFoundException"/>. Here the cmdlet is there, and says what such a script waits for.
/// </remarks>
public sealed class NotConnectedException : CommandNotFoundException
{
    private readonly ErrorRecord record;

    internal NotConnectedException(Native.Fault fault, ErrorCategory category)
        : base(fault.Message)
    {
        Kind = fault.Kind;
        record = new ErrorRecord(new ParentContainsErrorRecordException(this), fault.ErrorId, category, targetObject: null);
    }

    /// <summary>The record of this error, for those who have the exception only.</summary>
    public override ErrorRecord ErrorRecord => record;

    /// <summary>The kind of failure, as in an <see cref="ExchangeOnlineException"/>: <c>notConnected</c>.</summary>
    public string Kind { get; }
}
