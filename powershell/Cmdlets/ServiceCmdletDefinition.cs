using System;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Where the service offers a cmdlet, and so which kind of connection can run it.</summary>
public enum ServiceSurface
{
    /// <summary>Exchange Online.</summary>
    Exchange,

    /// <summary>Security &amp; Compliance.</summary>
    Compliance,

    /// <summary>Both.</summary>
    Any,

    /// <summary>Exchange Online, and the last connection to it whatever its prefix.</summary>
    Inbuilt,
}

/// <summary>Surfaces as the core knows them.</summary>
internal static class ServiceSurfaces
{
    /// <summary>Whether a cmdlet of this surface works on a connection of that prefix when its own is another one.</summary>
    internal static bool TakesPrefix(this ServiceSurface surface, string own, string ofConnection) =>
        surface == ServiceSurface.Inbuilt || own.Equals(ofConnection, StringComparison.OrdinalIgnoreCase);

    /// <summary>The core's name of a surface.</summary>
    internal static string ToWire(this ServiceSurface surface) => surface switch
    {
        ServiceSurface.Compliance => "compliance",
        ServiceSurface.Any => "any",
        ServiceSurface.Inbuilt => "inbuilt",
        _ => "exchange",
    };
}

/// <summary>What the base class must know of a cmdlet beyond its parameters.</summary>
public sealed class ServiceCmdletDefinition
{
    /// <summary>Describes a cmdlet.</summary>
    /// <param name="name">The name the service knows.</param>
    /// <param name="rowType">The type name of its rows.</param>
    public ServiceCmdletDefinition(string name, string rowType)
    {
        Name = name;
        RowType = rowType;
    }

    /// <summary>The name the service knows.</summary>
    public string Name { get; }

    /// <summary>The type name of its rows.</summary>
    public string RowType { get; }

    /// <summary>Where the service offers it.</summary>
    public ServiceSurface Surface { get; init; }

    /// <summary>Whether it only reads, so that a request may be repeated after a network fault.</summary>
    public bool IsRead { get; init; }

    /// <summary>Whether it has <c>-WhatIf</c> and <c>-Confirm</c>.</summary>
    public bool AsksForConfirmation { get; init; }

    /// <summary>Whether it asks without being told to.</summary>
    public bool HasHighImpact { get; init; }

    /// <summary>Whether it has the <c>-ResultSize</c> that takes <c>Unlimited</c>.</summary>
    public bool HasPagedResults { get; init; }
}
