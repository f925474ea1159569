using System;
using System.Management.Automation;

namespace ExchangeOnlineRs.Connecting;

/// <summary>What was asked for cannot be done, and it is known before anything is sent. The message names the way out.</summary>
internal sealed class RefusedException : Exception
{
    internal RefusedException(string errorId, string message, ErrorCategory category = ErrorCategory.InvalidArgument, object? target = null)
        : base(message)
    {
        ErrorId = errorId;
        Category = category;
        Target = target;
    }

    internal string ErrorId { get; }

    internal ErrorCategory Category { get; }

    internal object? Target { get; }

    internal ErrorRecord ToErrorRecord() => new(new InvalidOperationException(Message), ErrorId, Category, Target);
}
