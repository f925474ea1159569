using System;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Text.Json;
using ExchangeOnlineRs.Connecting;
using ExchangeOnlineRs.Formats;
using ExchangeOnlineRs.Logging;
using ExchangeOnlineRs.Native;
using ExchangeOnlineRs.Prefixes;
using ExchangeOnlineRs.Rows;
using Microsoft.Exchange.Management.ExoPowershellSnapin;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// A cmdlet that the service carries out. The generated classes below it hold parameters only: this class sends what was
/// bound and writes what comes back.
/// </summary>
public abstract class ServiceCmdlet : CoreCmdlet
{
    /// <summary>Requests of a cmdlet that only reads which are sent ahead, where the caller does not say how many.</summary>
    private const int ReadsAhead = 32;

    /// <summary>As many as the core sends at a time on one connection.</summary>
    private const int MostAhead = 64;

    private const int TargetIdentity = 0;

    private const int TargetMailbox = 1;

    /// <summary>Where the ids of bulk cmdlets begin in <see cref="Targets"/>; for other cmdlets they are properties like others.</summary>
    private const int TargetOfBulk = 2;

    private const int LeastTarget = 10;

    /// <summary>Distinguished names of deep folders are the longest identities. They also travel in a header, which has limits.</summary>
    private const int LongestIdentity = 4096;

    /// <summary>
    /// Who takes so many objects of a page will want the next page, which is made meanwhile. Who wants a few first objects has
    /// stopped before, and costs the service one page.
    /// </summary>
    private const int RowsBeforeAskingAhead = 25;

    private static readonly HashSet<string> CommonNamesOfEngine = CommonNames();

    /// <summary>
    /// Parameters that say which object it is, and how well they do: for messages the one with the smallest number counts. They
    /// also travel in headers and addresses, which have limits.
    /// </summary>
    private static readonly Dictionary<string, int> Targets = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Identity"] = TargetIdentity, ["Mailbox"] = TargetMailbox, ["ExternalDirectoryObjectId"] = TargetOfBulk, ["UserPrincipalName"] = TargetOfBulk + 1,
        ["PrimarySmtpAddress"] = TargetOfBulk + 2, ["ExchangeGuid"] = TargetOfBulk + 3, ["Name"] = LeastTarget, ["DisplayName"] = LeastTarget + 1,
    };

    /// <summary>
    /// Parameters that choose among all objects in cmdlets that only read: empty, they would choose all of them.
    /// </summary>
    private static readonly HashSet<string> Choices = new(StringComparer.OrdinalIgnoreCase)
    {
        "Filter", "RecipientPreviewFilter", "Anr", "User", "Trustee", "SenderAddress", "RecipientAddress", "UserIds",
    };

    /// <summary>Tells the base class which cmdlet this is.</summary>
    /// <param name="definition">The cmdlet.</param>
    protected ServiceCmdlet(ServiceCmdletDefinition definition) => Definition = definition;

    /// <summary>
    /// The connection to work on: its id, or the object of <c>Get-ConnectionInformation</c>. Without it, it is the last one of
    /// the command's prefix, or the last one without a prefix. The original has no such parameter.
    /// </summary>
    [Parameter]
    [Alias("Connection")]
    [ArgumentCompleter(typeof(OpenConnectionCompleter))]
    public object? ConnectionId { get; set; }

    /// <summary>
    /// How many requests may be under way when objects are piped in. Results come in the order of the objects all the same.
    /// 1 sends a request only when the results of the one before are written. Without it, cmdlets that only read send up to
    /// 32, and others 1. The original has no such parameter.
    /// </summary>
    [Parameter]
    [ValidateRange(1, MostAhead)]
    public int ThrottleLimit { get; set; }

    /// <summary>What the class says about itself.</summary>
    internal ServiceCmdletDefinition Definition { get; private protected set; }

    /// <summary>The secrets of the request that is being written or sent.</summary>
    private readonly RequestSecrets secrets = new();

    private Guid? connection;
    private RequestWindow? window;
    private bool hasBegun;

    /// <summary>The name that the caller knows, prefix included; for messages only.</summary>
    private protected virtual string ShownName
    {
        get
        {
            string approved = MyInvocation.MyCommand.Name;
            if (MyInvocation.InvocationName?.EndsWith(approved, StringComparison.OrdinalIgnoreCase) != false)
            {
                return approved;
            }

            // PowerShell knows some cmdlets by an approved verb; who used the service's own name is to read that.
            return CommandPrefixAttribute.Of(GetType()) is { } prefix ? ServiceCmdletClass.WithPrefix(Definition.Name, prefix) : Definition.Name;
        }
    }

    /// <summary>Whether it is the name of a parameter that this class gives to every cmdlet.</summary>
    private protected static bool IsOwnParameter(string name) =>
        name.Equals(nameof(ConnectionId), StringComparison.OrdinalIgnoreCase) || name.Equals(nameof(ThrottleLimit), StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Chooses the connection for the whole pipeline: all of its objects go to the same organization, whatever others connect
    /// meanwhile.
    /// </summary>
    protected override void BeginProcessing()
    {
        try
        {
            connection = ChosenConnection();
        }
        catch (WireException e)
        {
            SetLastExecutionStatus(false);
            ThrowTerminatingError(new ErrorRecord(e, e.ErrorId, ErrorCategory.InvalidArgument, e.Value));
        }
    }

    /// <summary>
    /// Sends one request for each object of the pipeline, or one if there is no pipeline. Objects that are piped to a cmdlet
    /// that only reads do not wait for each other: see <see cref="ThrottleLimit"/>.
    /// </summary>
    protected override void ProcessRecord()
    {
        if (Send() is { } request)
        {
            WriteInTurn(request);
        }
    }

    /// <summary>Reports that nothing can be sent for the present object.</summary>
    private protected void Refuse(WireException e) =>
        WriteInTurn(new PendingRequest(null) { Refused = new ErrorRecord(e, e.ErrorId, ErrorCategory.InvalidArgument, e.Value) });

    /// <summary>Writes the results of a request when those of all objects before it are written.</summary>
    private void WriteInTurn(PendingRequest request)
    {
        if (!hasBegun)
        {
            hasBegun = true;
            LoadViews(DefaultViews.LoadForCmdlet);
            int size = WindowSize();
            window = size > 1 ? new RequestWindow(size) : null;
        }

        if (window is null)
        {
            while (!WriteArrived(request, WaitMilliseconds))
            {
            }

            return;
        }

        window.Add(request);
        WriteWindow(window, leave: window.Size - 1);
    }

    /// <summary>Writes the results of what was sent ahead.</summary>
    protected override void EndProcessing()
    {
        if (window is not null)
        {
            WriteWindow(window, leave: 0);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        base.StopProcessing();
        window?.Cancel();
    }

    /// <summary>Stops what was sent ahead, which is nothing where no objects are piped in.</summary>
    private protected void StopSentAhead() => window?.Dispose();

    /// <summary>The parameters for the service, without those that are for PowerShell or for us.</summary>
    /// <exception cref="WireException">One of them cannot be sent.</exception>
    private protected virtual IEnumerable<KeyValuePair<string, object?>> ServiceParameters()
    {
        foreach ((string name, object? value) in MyInvocation.BoundParameters)
        {
            if (!IsOwnParameter(name) && !IsCommonParameter(name))
            {
                yield return new(name, value);
            }
        }
    }

    /// <summary>The class whose members are the parameters; null if nothing is known of them.</summary>
    private protected virtual Type? ParameterClass => GetType();

    /// <summary>Whether it may be done; asks if that is wanted.</summary>
    private protected virtual bool Confirmed(string target) => ShouldProcess(target, ShownName);

    /// <summary>
    /// Whether the engine will show what would be or is done, or ask about it. It decides by itself; this spares thousands of piped
    /// objects a sentence that nobody sees.
    /// </summary>
    private bool ShowsPrompt()
    {
        if (Given("WhatIf", GetVariableValue("WhatIfPreference")) || WantsVerbose())
        {
            return true;
        }

        return MyInvocation.BoundParameters.ContainsKey("Confirm")
            ? Given("Confirm", null)
            : GetVariableValue("ConfirmPreference")?.ToString() switch
            {
                nameof(ConfirmImpact.None) => false,
                nameof(ConfirmImpact.High) => Definition.HasHighImpact,
                _ => true,
            };
    }

    private bool Given(string name, object? preference) =>
        LanguagePrimitives.IsTrue(MyInvocation.BoundParameters.TryGetValue(name, out object? given) ? given : preference);

    /// <summary>Whether the engine gives a parameter of this name to every cmdlet.</summary>
    private protected static bool IsCommonParameter(string name) => CommonNamesOfEngine.Contains(name);

    /// <summary>How many requests may be under way in this pipeline.</summary>
    private int WindowSize()
    {
        if (!MyInvocation.ExpectingInput || this is not PipelineServiceCmdlet)
        {
            return 1;
        }

        if (MyInvocation.BoundParameters.ContainsKey(nameof(ThrottleLimit)))
        {
            return ThrottleLimit;
        }

        return Definition.IsRead && !UpstreamVariables.MayExist(this) ? ReadsAhead : 1;
    }

    /// <summary>Sends the request for the present object; null if it cannot be sent, or the caller does not want it done.</summary>
    private PendingRequest? Send()
    {
        using var buffer = new PooledBuffer();
        string? target;
        string? identity;
        try
        {
            (target, identity) = WriteRequest(buffer, connection);
        }
        catch (WireException e)
        {
            Refuse(e);
            return null;
        }

        if (Definition.AsksForConfirmation && !Confirmed(ShowsPrompt() ? PromptText.Of(ServiceParameters(), identity, IsMandatory) : identity ?? string.Empty))
        {
            return null;
        }

        CmdletLog? log = connection is { } id ? OpenConnections.Find(id)?.Log : null;
        LogEntry? entry = log is null ? null
            : new LogEntry(ShownName, LoggedParameters(), OpenConnections.AnyPerformance) { ConnectionId = connection, Stopped = true };
        var request = new PendingRequest(target, log, entry);
        try
        {
            PutSecretsInto(buffer);
            request.Operation = NativeOperation.StartCommand(buffer.Written);
        }
        catch (WireException e)
        {
            entry?.Failed(e.ErrorId, e.Message);
            request.Refused = new ErrorRecord(e, e.ErrorId, ErrorCategory.InvalidArgument, e.Value);
        }
        catch (NativeLibraryException e)
        {
            request.Dispose();
            ThrowTerminatingError(e.ToErrorRecord());
        }
        catch (FaultException e)
        {
            request.Failure = e;
        }
        catch
        {
            // The pipeline was stopped while the key for a secret was asked for; the log is to say so.
            request.Dispose();
            throw;
        }

        return request;
    }

    /// <summary>
    /// Writes what has arrived, in the order of the objects, and waits until no more than <paramref name="leave"/> requests
    /// are left.
    /// </summary>
    private void WriteWindow(RequestWindow requests, int leave)
    {
        bool isOver = true;
        try
        {
            while (requests.First is { } first)
            {
                bool ended = WriteArrived(first, requests.Count > leave ? WaitMilliseconds : 0);
                if (ended)
                {
                    requests.RemoveFirst();
                }
                else if (requests.Count <= leave)
                {
                    break;
                }
            }

            isOver = false;
        }
        finally
        {
            if (isOver)
            {
                // Nobody will take the results of the others: the pipeline is stopped, or a later command has enough.
                requests.Dispose();
            }
        }
    }

    /// <summary>Writes what has arrived of a request, and says whether that was all.</summary>
    private bool WriteArrived(PendingRequest request, uint waitMilliseconds)
    {
        bool ended = true;
        try
        {
            if (request.Refused is { } refused)
            {
                SetLastExecutionStatus(false);
                WriteError(refused);
            }
            else if (request.Failure is { } failure)
            {
                throw failure;
            }
            else
            {
                ended = WriteRows(request, waitMilliseconds);
                if (ended)
                {
                    SetLastExecutionStatus(request.IsComplete);
                }
            }

            if (ended && request.Entry is { } entry)
            {
                entry.Stopped = false;
            }
        }
        catch (FaultException e)
        {
            request.Entry?.Failed(e.Fault);
            Report(e.Fault, request.Identity);
            if (request.Entry is { } entry)
            {
                entry.Stopped = false;
            }
        }
        finally
        {
            if (ended && request.Close() is { } problem && request.Entry is { Stopped: false })
            {
                WriteWarning(problem);
            }
        }

        return ended;
    }

    /// <summary>Encrypts the secrets of a request that is about to be sent, under the key of the connection it goes to.</summary>
    private void PutSecretsInto(PooledBuffer buffer)
    {
        if (!secrets.Any)
        {
            return;
        }

        using JsonDocument answer = RunOperation(
            SecretKey.Ask(connection, CommandPrefixAttribute.Of(GetType()), Definition, WantsVerbose()));
        using SecretKey key = SecretKey.Read(answer.RootElement);
        secrets.PutInto(buffer, key, connection is null);
        connection = key.ConnectionId;
    }

    /// <summary>
    /// The connection that the caller named; else the last one that was made in this runspace; else the last one of the process.
    /// That one is left to the core, as null, where it makes no difference who looks: in a single call of which no log is kept.
    /// </summary>
    private Guid? ChosenConnection()
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(ConnectionId)))
        {
            return ConnectionReference.Read(ConnectionId);
        }

        string prefix = CommandPrefixAttribute.Of(GetType()) ?? string.Empty;
        if (RunspaceConnections.Last(prefix, Definition.Surface) is { } own)
        {
            return own;
        }

        // A single call leaves the choice to the core, which has to look anyway.
        return !OpenConnections.AnyLog && !MyInvocation.ExpectingInput ? null
            : ConnectionInformation.Serving(prefix, Definition.Surface)?.ConnectionId;
    }

    private Dictionary<string, object> LoggedParameters()
    {
        var parameters = new Dictionary<string, object>();
        foreach ((string name, object? value) in ServiceParameters())
        {
            parameters[name] = value!;
        }

        if (ConnectionId is not null)
        {
            parameters[nameof(ConnectionId)] = ConnectionId;
        }

        if (ThrottleLimit > 0)
        {
            parameters[nameof(ThrottleLimit)] = ThrottleLimit;
        }

        return parameters;
    }

    /// <summary>Writes the rows that have arrived; says whether there will be no more.</summary>
    private bool WriteRows(PendingRequest request, uint waitMilliseconds)
    {
        bool ended = true;
        try
        {
            StoppedByUser = request.Operation;
            while (true)
            {
                OperationStep step = TakeStep(request.Operation!, waitMilliseconds, out PageHandle? page, out JsonDocument? end);
                if (page is not null)
                {
                    WritePage(request, page);
                }
                else if (end is not null)
                {
                    using JsonDocument owned = end;
                    if (request.Entry is { } entry)
                    {
                        entry.RequestId = Text(owned.RootElement, "requestId");
                    }

                    return true;
                }
                else if (step == OperationStep.Pending)
                {
                    ended = false;
                    return false;
                }
            }
        }
        finally
        {
            StoppedByUser = null;
            if (request.Entry is { } entry)
            {
                entry.RowCount = request.Written;
            }

            if (ended && request.ShowsProgress)
            {
                EndProgress();
            }
        }
    }

    /// <summary>Writes the rows of a page.</summary>
    private void WritePage(PendingRequest request, PageHandle handle)
    {
        var page = new NativePage(handle, Definition.RowType);
        try
        {
            for (int i = 0; i < page.Count; i++)
            {
                if (i == RowsBeforeAskingAhead)
                {
                    request.Operation!.AskAhead();
                }

                WriteRow(request, page, i);
            }
        }
        finally
        {
            RetainedPages.Add(page);
        }

        if (ConnectionPreferences.ShowProgress)
        {
            request.ShowsProgress = true;
            WriteProgress(new ProgressRecord(0, ShownName, $"{request.Written.ToString("N0", CultureInfo.CurrentCulture)} objects received")
            {
                PercentComplete = -1,
            });
        }
    }

    private void WriteRow(PendingRequest request, NativePage page, int index)
    {
        object? row;
        try
        {
            row = page.Row(index);
        }
        catch (Exception e)
        {
            // One odd object must not cost the caller all the others.
            request.IsComplete = false;
            WriteError(new ErrorRecord(e, "RowUnreadable", ErrorCategory.InvalidData, request.Identity)
            {
                ErrorDetails = new ErrorDetails($"An object in the answer to {ShownName} cannot be read: {e.Message}"),
            });
            return;
        }

        if (row is not null)
        {
            request.Written++;
            WriteObject(row);
        }
    }

    /// <summary>However a command ends, its bar must not stay on the screen.</summary>
    private void EndProgress()
    {
        try
        {
            WriteProgress(new ProgressRecord(0, ShownName, "Completed") { RecordType = ProgressRecordType.Completed });
        }
        catch (PipelineStoppedException)
        {
            // A stopped pipeline takes no more records, and what stopped it is on its way up already.
        }
    }

    private void Report(Fault fault, string? identity)
    {
        SetLastExecutionStatus(false);
        if (!string.IsNullOrEmpty(fault.Detail))
        {
            WriteVerbose(fault.Detail);
        }

        ErrorRecord record = fault.ToErrorRecord(identity);
        if (fault.EndsSession)
        {
            ThrowTerminatingError(record);
        }

        WriteError(record);
    }

    /// <summary>Writes the request and returns what it is about, for messages, and the identity in it.</summary>
    private (string? Target, string? Identity) WriteRequest(PooledBuffer buffer, Guid? connection)
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        string? target = null;
        int targetRank = int.MaxValue;
        string? identity = null;
        string? anchor = null;
        string? mailbox = null;
        object? resultSize = null;

        secrets.Clear();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        if (connection is { } chosen)
        {
            json.WriteString("connectionId", chosen.ToString());
        }

        json.WriteString("prefix", CommandPrefixAttribute.Of(GetType()));
        json.WriteString("surface", Definition.Surface.ToWire());
        json.WriteString("cmdletName", Definition.Name);
        json.WriteStartObject("parameters");
        foreach ((string name, object? value) in ServiceParameters())
        {
            if (Definition.HasPagedResults && name.Equals("ResultSize", StringComparison.OrdinalIgnoreCase))
            {
                resultSize = value;
            }

            if (!Targets.TryGetValue(name, out int rank))
            {
                rank = int.MaxValue;
            }

            bool isIdentity = rank == TargetIdentity;
            bool isMailbox = rank == TargetMailbox;
            if (isIdentity || isMailbox)
            {
                RequireObject(name, value);
            }
            else if (OnlyReads && Choices.Contains(name) && WireWriter.IsEmpty(value))
            {
                throw Empty(name, value);
            }

            json.WritePropertyName(name);
            string? text = WireWriter.Write(json, name, FilterText.IsFilter(name) ? FilterText.Normalise(value) : value, SendsText(name), secrets);
            if (text is not null && rank < LeastTarget)
            {
                // An object of a script can have an identity that is blank.
                if ((isIdentity || isMailbox) && string.IsNullOrWhiteSpace(text))
                {
                    throw Empty(name, value);
                }

                if (text.Length > LongestIdentity)
                {
                    throw new WireException(name, value, "IdentityTooLong", $"It has {text.Length} characters, and no object has an identity that long.");
                }
            }

            if (rank < targetRank && !string.IsNullOrEmpty(text) && (rank < TargetOfBulk || rank >= LeastTarget || this is BulkCmdlet))
            {
                (target, targetRank) = (text, rank);
            }

            if (isIdentity && text is not null)
            {
                identity = text;
                // Only what changes something depends on being sent to the right server.
                anchor = (Definition.IsRead ? null : ObjectIdentity.AddressOf(value, text)) ?? text;
            }
            else if (isMailbox && text is not null)
            {
                mailbox = (Definition.IsRead ? null : ObjectIdentity.AddressOf(value, text)) ?? text;
            }
        }

        if (SendsConfirm(bound))
        {
            json.WriteBoolean("Confirm", false);
        }

        json.WriteEndObject();
        WriteResultSize(json, resultSize);
        json.WriteNull("pageSize");
        json.WriteString("errorAction", bound.TryGetValue("ErrorAction", out object? errorAction) ? errorAction?.ToString() : null);
        json.WriteString("anchor", anchor);
        json.WriteString("mailbox", mailbox);
        json.WriteBoolean("isRead", Definition.IsRead);
        json.WriteBoolean("verbose", WantsVerbose());
        json.WriteEndObject();
        json.Flush();
        return (target, identity);
    }

    /// <summary>Whether a number of the caller has to become text: where the service takes names, enumerations or lists of them.</summary>
    private bool SendsText(string parameter) =>
        ServiceCmdletClass.MemberOf(ParameterClass, parameter) is { } member
        && ServiceCmdletClass.TypeOf(member) is { } type && (type == typeof(object) || type == typeof(object[]))
        && !member.IsDefined(typeof(SendsNumbersAttribute), inherit: true);

    /// <summary>An empty variable must not turn one object into all of them, nor somebody's mailbox into the caller's own.</summary>
    private void RequireObject(string name, object? value)
    {
        if (WireWriter.IsEmpty(value))
        {
            throw Empty(name, value);
        }

        if (WireWriter.HasTable(value))
        {
            throw new WireException(name, value, "InvalidIdentity", "It is a hashtable, which names no object.");
        }
    }

    private WireException Empty(string name, object? value)
    {
        // Without -Mailbox it is the caller's own.
        bool isLimit = OnlyReads && !IsMandatory(name) && !name.Equals("Mailbox", StringComparison.OrdinalIgnoreCase);
        return new(name, value, "Empty" + name, isLimit ? "It is empty. Give a value, or leave the parameter out to get all." : "It is empty. Give a value.");
    }

    /// <summary>A search of the audit log only reads as well, although it must not be repeated: it goes on where it was.</summary>
    private bool OnlyReads => Definition.IsRead || Definition.Name.StartsWith("Search-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the cmdlet cannot be called without a parameter in the way it was called.</summary>
    private bool IsMandatory(string parameter)
    {
        bool isMandatory = false;
        foreach (object attribute in ServiceCmdletClass.MemberOf(ParameterClass, parameter)?.GetCustomAttributes(typeof(ParameterAttribute), inherit: true)
            ?? Array.Empty<object>())
        {
            var binding = (ParameterAttribute)attribute;
            if (binding.ParameterSetName == ParameterSetName || binding.ParameterSetName == ParameterAttribute.AllParameterSets)
            {
                return binding.Mandatory;
            }

            isMandatory |= binding.Mandatory;
        }

        // The set of a cmdlet that is called by its name alone is not known.
        return isMandatory;
    }

    /// <summary>
    /// The question is asked here, before anything is sent, so the service must not ask again: it could not get an answer.
    /// It only asks by itself for cmdlets of high impact, or when told to; all others are spared a parameter that not every
    /// one of them may know.
    /// </summary>
    private bool SendsConfirm(Dictionary<string, object> bound) =>
        Definition.AsksForConfirmation && (Definition.HasHighImpact || bound.ContainsKey("Confirm"));

    private void WriteResultSize(Utf8JsonWriter json, object? resultSize)
    {
        if (resultSize is null)
        {
            // The limit of 1,000 belongs to cmdlets on which it can be lifted.
            if (Definition.HasPagedResults)
            {
                json.WriteNull("resultSize");
            }
            else
            {
                json.WriteString("resultSize", "unlimited");
            }
        }
        else if (ResultSize.TryParse(resultSize, out ulong? count))
        {
            if (count is { } number)
            {
                json.WriteNumber("resultSize", number);
            }
            else
            {
                json.WriteString("resultSize", "unlimited");
            }
        }
        else
        {
            throw new WireException("ResultSize", resultSize, "InvalidResultSize", ResultSize.Requirement);
        }
    }

    /// <summary>The engine knows its common parameters, including those of later versions.</summary>
    private static HashSet<string> CommonNames()
    {
        var names = new HashSet<string>(CommonParameters, StringComparer.OrdinalIgnoreCase);
        names.UnionWith(OptionalCommonParameters);
        names.Add("ProgressAction");
        return names;
    }
}
