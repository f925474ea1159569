using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Emits the cmdlet classes of a prefix: an empty subclass of each cmdlet, with another noun and <see cref="CommandPrefixAttribute"/>.
/// </summary>
/// <remarks>
/// PowerShell keeps every cmdlet class it has seen for as long as the process lives, so the classes could never be unloaded.
/// They are kept here as well: connecting again with the same prefix uses the same ones.
/// </remarks>
internal sealed class PrefixedClasses
{
    private static readonly ConstructorInfo PrefixConstructor = typeof(CommandPrefixAttribute).GetConstructor(new[] { typeof(string) })!;

    private readonly string prefix;
    private readonly ModuleBuilder module;
    private readonly Dictionary<Type, Type> classes = new();

    internal PrefixedClasses(string prefix)
    {
        this.prefix = prefix;
        string name = PrefixedCommands.ModuleNameOf(prefix);
        module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run).DefineDynamicModule(name);
    }

    /// <summary>The class of a cmdlet with this prefix.</summary>
    internal Type Of(ServiceCmdletClass cmdlet)
    {
        if (!classes.TryGetValue(cmdlet.Type, out Type? type))
        {
            type = Emit(cmdlet);
            classes.Add(cmdlet.Type, type);
        }

        return type;
    }

    private Type Emit(ServiceCmdletClass cmdlet)
    {
        TypeBuilder builder = module.DefineType(
            $"ExchangeOnlineRs.Prefixed.{prefix}.{cmdlet.Type.Name}",
            TypeAttributes.Public | TypeAttributes.Class | TypeAttributes.Sealed,
            cmdlet.Type);
        builder.DefineDefaultConstructor(MethodAttributes.Public);
        builder.SetCustomAttribute(new CustomAttributeBuilder(PrefixConstructor, new object[] { prefix }));
        foreach (CustomAttributeData attribute in cmdlet.Type.GetCustomAttributesData())
        {
            if (attribute.AttributeType == typeof(CmdletAttribute))
            {
                builder.SetCustomAttribute(Copy(attribute, new object?[] { cmdlet.Verb, prefix + cmdlet.Noun }));
            }
            else if (attribute.AttributeType == typeof(AliasAttribute))
            {
                string[] aliases = Array.ConvertAll(
                    (string[])Value(attribute.ConstructorArguments[0])!,
                    alias => ServiceCmdletClass.WithPrefix(alias, prefix));
                builder.SetCustomAttribute(Copy(attribute, new object?[] { aliases }));
            }
            else if (attribute.AttributeType == typeof(OutputTypeAttribute))
            {
                builder.SetCustomAttribute(Copy(attribute, Array.ConvertAll(Arguments(attribute), Value)));
            }
        }

        return builder.CreateType();
    }

    /// <summary>The same attribute with other arguments; its named properties stay.</summary>
    private static CustomAttributeBuilder Copy(CustomAttributeData attribute, object?[] arguments)
    {
        var properties = new List<PropertyInfo>();
        var values = new List<object?>();
        foreach (CustomAttributeNamedArgument named in attribute.NamedArguments)
        {
            properties.Add((PropertyInfo)named.MemberInfo);
            values.Add(Value(named.TypedValue));
        }

        return new CustomAttributeBuilder(attribute.Constructor, arguments, properties.ToArray(), values.ToArray());
    }

    private static CustomAttributeTypedArgument[] Arguments(CustomAttributeData attribute)
    {
        var arguments = new CustomAttributeTypedArgument[attribute.ConstructorArguments.Count];
        attribute.ConstructorArguments.CopyTo(arguments, 0);
        return arguments;
    }

    private static object? Value(CustomAttributeTypedArgument argument)
    {
        if (argument.Value is not ReadOnlyCollection<CustomAttributeTypedArgument> items)
        {
            return argument.ArgumentType.IsEnum ? Enum.ToObject(argument.ArgumentType, argument.Value!) : argument.Value;
        }

        var array = Array.CreateInstance(argument.ArgumentType.GetElementType()!, items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            array.SetValue(Value(items[i]), i);
        }

        return array;
    }
}
