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

    /// <summary>What it says about itself; only an object of the class can tell.</summary>
    internal ServiceCmdletDefinition Definition => ((ServiceCmdlet)Activator.CreateInstance(Type)!).Definition;

    /// <summary>Where the service offers it.</summary>
    internal ServiceSurface Surface => Definition.Surface;

    /// <summary>
    /// The field of a parameter, or its property where the engine's class has one of that name. Classes are asked one by one, as
    /// the framework would call those two ambiguous.
    /// </summary>
    internal static MemberInfo? MemberOf(Type? cmdlet, string parameter)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase | BindingFlags.DeclaredOnly;
        for (; cmdlet is not null && cmdlet != typeof(ServiceCmdlet) && cmdlet != typeof(OtherServiceCmdlet); cmdlet = cmdlet.BaseType)
        {
            if (((MemberInfo?)cmdlet.GetField(parameter, Own) ?? cmdlet.GetProperty(parameter, Own)) is { } member)
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>The type of a parameter's values; null without a parameter.</summary>
    internal static Type? TypeOf(MemberInfo? parameter) => (parameter as FieldInfo)?.FieldType ?? (parameter as PropertyInfo)?.PropertyType;

    /// <summary>Whether a parameter of this cmdlet has an alias of that name.</summary>
    internal bool HasParameterAlias(string name)
    {
        foreach (MemberInfo member in Type.GetMembers(BindingFlags.Public | BindingFlags.Instance))
        {
            if (member.GetCustomAttribute<AliasAttribute>() is { } aliases
                && new List<string>(aliases.AliasNames).Exists(alias => alias.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A name of this cmdlet with a prefix before its noun.</summary>
    internal static string WithPrefix(string name, string prefix)
    {
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        return name[..(dash + 1)] + prefix + name[(dash + 1)..];
    }
}

/// <summary>
/// The cmdlet classes that the service's catalog made, and those that a catalog file added to this process. The list is made
/// when it is needed for the first time.
/// </summary>
internal static class ServiceCmdletCatalog
{
    private static readonly object Gate = new();
    private static readonly Lazy<List<ServiceCmdletClass>> Compiled = new(Read);
    private static IReadOnlyList<ServiceCmdletClass>? all;
    private static Dictionary<string, ServiceCmdletClass>? byName;

    /// <summary>All of them. A list that somebody has taken does not change any more.</summary>
    internal static IReadOnlyList<ServiceCmdletClass> All
    {
        get
        {
            lock (Gate)
            {
                return all ??= Compiled.Value;
            }
        }
    }

    /// <summary>The class of a command, by its name or an alias.</summary>
    internal static ServiceCmdletClass? Find(string command)
    {
        lock (Gate)
        {
            return (byName ??= Index()).GetValueOrDefault(command);
        }
    }

    /// <summary>Adds classes that were made in this process.</summary>
    internal static void Add(IEnumerable<ServiceCmdletClass> added)
    {
        lock (Gate)
        {
            var larger = new List<ServiceCmdletClass>(All);
            larger.AddRange(added);
            all = larger;
            byName = null;
        }
    }

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
