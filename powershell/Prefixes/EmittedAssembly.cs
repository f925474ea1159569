using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Cmdlet classes that were emitted, as <c>Import-Module -Assembly</c> wants them.
/// </summary>
/// <remarks>
/// An emitted assembly itself will not do: on some versions of .NET it refuses to list its types, and all of them lie at the
/// same empty path, which the engine takes for the current folder and for the name under which it keeps a module. This one
/// lists its types, and has a path of its own (at which there is no file, and none is looked for).
/// </remarks>
internal class EmittedAssembly : Assembly
{
    private readonly Type[] types;

    internal EmittedAssembly(string moduleName, Type[] types)
    {
        ModuleName = moduleName;
        this.types = types;
        EmittedCommands.Announce();
    }

    /// <summary>The name of the module that holds the commands.</summary>
    internal string ModuleName { get; }

    public override string FullName => GetName(false).FullName;

    public override string Location =>
        Path.Combine(Path.GetDirectoryName(typeof(EmittedAssembly).Assembly.Location) ?? string.Empty, ModuleName);

    public override IEnumerable<Type> ExportedTypes => types;

    public override Type[] GetExportedTypes() => types;

    public override Type[] GetTypes() => types;

    public override AssemblyName GetName(bool copiedName) =>
        new(ModuleName) { Version = typeof(EmittedAssembly).Assembly.GetName().Version };

    public override AssemblyName GetName() => GetName(false);

    public override object[] GetCustomAttributes(bool inherit) => Array.Empty<object>();

    public override object[] GetCustomAttributes(Type attributeType, bool inherit) =>
        (object[])Array.CreateInstance(attributeType, 0);

    public override bool IsDefined(Type attributeType, bool inherit) => false;

    public override string ToString() => ModuleName;

    /// <summary>Whether it holds these very classes.</summary>
    internal bool Holds(IReadOnlyList<Type> others)
    {
        if (others.Count != types.Length)
        {
            return false;
        }

        for (int i = 0; i < types.Length; i++)
        {
            if (types[i] != others[i])
            {
                return false;
            }
        }

        return true;
    }
}
