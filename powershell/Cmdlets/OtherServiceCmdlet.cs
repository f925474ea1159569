using System;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// A cmdlet of the original module that talks to a service of its own, such as Microsoft Viva. Nothing public tells how those
/// are spoken to. The cmdlets are here with their parameters, so that who calls one learns what is missing, and where to go,
/// rather than that there is no such command.
/// </summary>
public abstract class OtherServiceCmdlet : CoreCmdlet
{
    private readonly string name;
    private readonly string service;

    /// <summary>Tells which cmdlet this is.</summary>
    /// <param name="name">The cmdlet.</param>
    /// <param name="service">What people call the service that it talks to.</param>
    protected OtherServiceCmdlet(string name, string service)
    {
        this.name = name;
        this.service = service;
    }

    /// <summary>The cmdlet of this name; null if it is none of these.</summary>
    internal static OtherServiceCmdlet? Find(string command) =>
        ModuleCommands.ClassOf(command) is { } type && type.IsSubclassOf(typeof(OtherServiceCmdlet))
            ? (OtherServiceCmdlet)Activator.CreateInstance(type)!
            : null;

    /// <summary>Why it cannot be run, and what can be done.</summary>
    internal ErrorRecord Refusal() => new(
        new NotSupportedException(
            $"{name} talks to {service}, a service of its own that this module is no client of. Nothing was sent. "
            + "Run it with the ExchangeOnlineManagement module of Microsoft, or use the admin center of that service."),
        "OtherService",
        ErrorCategory.NotImplemented,
        name);

    /// <summary>Says so before the first object of a pipeline, also with -WhatIf: what would be done is nothing.</summary>
    protected override void BeginProcessing()
    {
        SetLastExecutionStatus(false);
        ThrowTerminatingError(Refusal());
    }
}
