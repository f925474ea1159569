using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Security;
using System.Text.RegularExpressions;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Runs a cmdlet of the service by its name, also one that the module does not have: the service is always ahead of any
/// catalog. What is known of a cmdlet of that name is used; one that is not known may change something unless its verb says
/// that it only reads.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "ExchangeOnlineCommand", SupportsShouldProcess = true)]
[OutputType(typeof(PSObject))]
public sealed class InvokeExchangeOnlineCommandCommand : PipelineServiceCmdlet
{
    private static readonly Regex CmdletName = new(@"\A[A-Za-z]{2,40}-[A-Za-z][A-Za-z0-9]{1,120}\z", RegexOptions.CultureInvariant);
    private static readonly Regex ParameterName = new(@"\A[A-Za-z_][A-Za-z0-9_]{0,120}\z", RegexOptions.CultureInvariant);

    private readonly List<KeyValuePair<string, object?>> given = new();
    private ServiceCmdletClass? known;
    private bool yesToAll;
    private bool noToAll;

    /// <summary>Until the name is bound there is no cmdlet to describe.</summary>
    public InvokeExchangeOnlineCommandCommand()
        : base(new ServiceCmdletDefinition(string.Empty, string.Empty) { Surface = ServiceSurface.Any })
    {
    }

    /// <summary>The name of the cmdlet, for example Get-Mailbox.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>Its parameters, as for splatting. Each table of the pipeline is a call of its own.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("Parameters")]
    [AllowNull]
    public IDictionary? Parameter { get; set; }

    private protected override string ShownName => Definition.Name;

    private protected override Type? ParameterClass => known?.Type;

    /// <summary>Looks the cmdlet up.</summary>
    protected override void BeginProcessing()
    {
        if (!CmdletName.IsMatch(Name))
        {
            End(new WireException(nameof(Name), Name, "InvalidCommandName", "It is no name of a cmdlet, such as Get-Mailbox."));
        }

        if (OtherServiceCmdlet.Find(Name) is { } other)
        {
            SetLastExecutionStatus(false);
            ThrowTerminatingError(other.Refusal());
        }

        known = ServiceCmdletCatalog.Find(Name);
        if (known is null && ModuleCommands.Has(Name))
        {
            End(new WireException(nameof(Name), Name, "ModuleCommand", "It is a command of this module, which the service does not know: run it itself."));
        }

        Definition = known is null ? Guess() : known.Definition;
        base.BeginProcessing();
    }

    /// <summary>Runs it with one table of parameters.</summary>
    protected override void ProcessRecord()
    {
        try
        {
            ReadParameters();
        }
        catch (WireException e)
        {
            Refuse(e);
            return;
        }

        Definition = known is null ? Guess() : known.Definition;
        base.ProcessRecord();
    }

    private protected override IEnumerable<KeyValuePair<string, object?>> ServiceParameters() => given;

    /// <summary>PowerShell knows one impact for this cmdlet, but it runs harmless and harmful ones.</summary>
    private protected override bool Confirmed(string target)
    {
        if (!ShouldProcess(target, Definition.Name))
        {
            return false;
        }

        bool asked = MyInvocation.BoundParameters.ContainsKey("Confirm");
        bool silenced = string.Equals(
            GetVariableValue("ConfirmPreference")?.ToString(), nameof(ConfirmImpact.None), StringComparison.OrdinalIgnoreCase);
        return asked || silenced || !Definition.HasHighImpact
            || ShouldContinue($"Performing the operation \"{Definition.Name}\" on target \"{target}\".", "Confirm", ref yesToAll, ref noToAll);
    }

    private ServiceCmdletDefinition Guess()
    {
        int dash = Name.IndexOf('-', StringComparison.Ordinal);
        string verb = Name[..dash];
        bool isRead = verb.Equals("Get", StringComparison.OrdinalIgnoreCase)
            || verb.Equals("Search", StringComparison.OrdinalIgnoreCase)
            || verb.Equals("Test", StringComparison.OrdinalIgnoreCase);
        return new ServiceCmdletDefinition(Name, "Deserialized.Microsoft.Exchange.Management." + Name[(dash + 1)..])
        {
            Surface = ServiceSurface.Any,
            IsRead = isRead,
            AsksForConfirmation = !isRead,
            HasHighImpact = verb.Equals("Remove", StringComparison.OrdinalIgnoreCase),
            HasPagedResults = given.Exists(static parameter => parameter.Key.Equals("ResultSize", StringComparison.OrdinalIgnoreCase)),
        };
    }

    private void ReadParameters()
    {
        given.Clear();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in Parameter ?? new Hashtable())
        {
            string name = entry.Key.ToString() ?? string.Empty;
            if (!ParameterName.IsMatch(name))
            {
                throw new WireException(nameof(Parameter), name, "InvalidParameterName", $"'{name}' is no name of a parameter.");
            }

            if (IsCommonParameter(name) || IsOwnParameter(name))
            {
                throw new WireException(name, entry.Value, "CommonParameter", $"Give it to {MyInvocation.MyCommand.Name} itself, outside the table.");
            }

            if (!seen.Add(name))
            {
                throw new WireException(name, entry.Value, "ParameterTwice", "The table has it twice.");
            }

            given.Add(new(name, Converted(name, entry.Value)));
        }
    }

    /// <summary>A value as the cmdlet of that name would bind it: '2026-01-31' is then a date. Others go as they are.</summary>
    private object? Converted(string name, object? value)
    {
        MemberInfo? member = ServiceCmdletClass.MemberOf(known?.Type, name);
        if (member?.GetCustomAttribute<FlagListAttribute>() is { } flags)
        {
            return flags.Transform(null, value);
        }

        Type? type = ServiceCmdletClass.TypeOf(member);
        if (type is null || value is null || type == typeof(object) || type == typeof(object[]))
        {
            return value;
        }

        if (type == typeof(SecureString) || type == typeof(PSCredential))
        {
            // PowerShell's own refusal shows the text, which here is a secret.
            return type.IsInstanceOfType(value is PSObject secret ? secret.BaseObject : value)
                ? value
                : throw new WireException(name, null, "CannotConvert", $"It takes a {type.Name}, for example of {(type == typeof(PSCredential) ? "Get-Credential" : "Read-Host -AsSecureString")}.");
        }

        if ((type == typeof(bool?) || type == typeof(SwitchParameter)) && (value is PSObject wrapped ? wrapped.BaseObject : value) is string)
        {
            // PowerShell takes every text for true, also 'false'; when it binds parameters it takes none.
            return bool.TryParse(value.ToString(), out bool flag)
                ? flag
                : throw new WireException(name, value, "CannotConvert", $"'{value}' is neither true nor false.");
        }

        try
        {
            return LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture);
        }
        catch (PSInvalidCastException e)
        {
            throw new WireException(name, value, "CannotConvert", e.Message);
        }
    }

    private void End(WireException exception) =>
        ThrowTerminatingError(new ErrorRecord(exception, exception.ErrorId, ErrorCategory.InvalidArgument, exception.Value));
}
