using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>A cmdlet class that the service's catalog made.</summary>
internal sealed class ServiceCmdletClass
{
    internal ServiceCmdletClass(Type type, CmdletAttribute attribute, IReadOnlyList<string> aliases)
    {
        Type = type;
        Verb = attribute.VerbName;
        Noun = attribute.NounName;
        Aliases = aliases;
    }

    internal Type Type { get; }

    internal string Verb { get; }

    internal string Noun { get; }

    internal IReadOnlyList<string> Aliases { get; }

    internal string Name => Verb + "-" + Noun;

    /// <summary>Where the service offers it; only an object of the class can tell.</summary>
    internal ServiceSurface Surface => ((ServiceCmdlet)Activator.CreateInstance(Type)!).Definition.Surface;

    /// <summary>A name of this cmdlet with a prefix before its noun.</summary>
    internal static string WithPrefix(string name, string prefix)
    {
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        return name[..(dash + 1)] + prefix + name[(dash + 1)..];
    }
}

/// <summary>The cmdlet classes that the service's catalog made. The list is made when it is needed for the first time.</summary>
internal static class ServiceCmdletCatalog
{
    private static readonly Lazy<IReadOnlyList<ServiceCmdletClass>> Classes = new(Read);
    private static readonly Lazy<Dictionary<string, ServiceCmdletClass>> ByName = new(Index);

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<ServiceCmdletClass> All => Classes.Value;

    /// <summary>The class of a command, by its name or an alias.</summary>
    internal static ServiceCmdletClass? Find(string command) => ByName.Value.GetValueOrDefault(command);

    private static List<ServiceCmdletClass> Read()
    {
        var classes = new List<ServiceCmdletClass>();
        foreach (Type type in typeof(ServiceCmdlet).Assembly.GetExportedTypes())
        {
            // The hand-written cmdlets are sealed: they belong to the module, not to a connection, and never get a prefix.
            if (type.IsSubclassOf(typeof(ServiceCmdlet)) && !type.IsAbstract && !type.IsSealed
                && type.GetCustomAttribute<CmdletAttribute>(inherit: false) is { } attribute)
            {
                classes.Add(new ServiceCmdletClass(
                    type,
                    attribute,
                    type.GetCustomAttribute<AliasAttribute>(inherit: false)?.AliasNames is { } aliases ? new List<string>(aliases) : Array.Empty<string>()));
            }
        }

        return classes;
    }

    private static Dictionary<string, ServiceCmdletClass> Index()
    {
        var index = new Dictionary<string, ServiceCmdletClass>(StringComparer.OrdinalIgnoreCase);
        foreach (ServiceCmdletClass cmdlet in All)
        {
            index[cmdlet.Name] = cmdlet;
            foreach (string alias in cmdlet.Aliases)
            {
                index[alias] = cmdlet;
            }
        }

        return index;
    }
}
