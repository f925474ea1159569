using System;
using System.Runtime.InteropServices;
using System.Text.Json;
using ExchangeOnlineRs.Native.Generated;

namespace ExchangeOnlineRs.Native;

/// <summary>What the core has to say next about an operation.</summary>
internal enum OperationStep
{
    /// <summary>Nothing yet; ask again.</summary>
    Pending,

    /// <summary>Something to show; see <see cref="NativeOperation.Payload"/>.</summary>
    Event,

    /// <summary>A page of rows.</summary>
    Page,

    /// <summary>The end, in good order.</summary>
    Done,

    /// <summary>The end, with a fault; see <see cref="NativeOperation.Payload"/>.</summary>
    Failed,
}

/// <summary>
/// An operation of the core: a sign-in or a command. Closing it also cancels it, so leaving a pipeline early is enough to
/// stop the work behind it.
/// </summary>
internal sealed class NativeOperation : SafeHandle
{
    private NativeOperation(ulong id)
        : base(IntPtr.Zero, ownsHandle: true)
        => SetHandle(unchecked((IntPtr)(long)id));

    /// <inheritdoc/>
    public override bool IsInvalid => handle == IntPtr.Zero;

    private ulong Id => unchecked((ulong)(long)handle);

    /// <summary>Starts a command; its request is on its way when this returns.</summary>
    internal static unsafe NativeOperation StartCommand(ReadOnlySpan<byte> request)
    {
        NativeCore.EnsureLoaded();
        fixed (byte* start = request)
        {
            return Started(Interop.exo_command_start(SliceByte.From((IntPtr)start, (ulong)request.Length)));
        }
    }

    /// <summary>Starts looking up the public key of a connection.</summary>
    internal static unsafe NativeOperation FindKey(ReadOnlySpan<byte> request)
    {
        NativeCore.EnsureLoaded();
        fixed (byte* start = request)
        {
            return Started(Interop.exo_connection_key(SliceByte.From((IntPtr)start, (ulong)request.Length)));
        }
    }

    /// <summary>Starts a sign-in. The core copies what it needs; the caller wipes the secret.</summary>
    internal static unsafe NativeOperation OpenConnection(ReadOnlySpan<byte> settings, ReadOnlySpan<byte> secret)
    {
        NativeCore.EnsureLoaded();
        // An empty span pins as a null pointer; a slice of length 0 still wants an address.
        byte nothing = 0;
        fixed (byte* start = settings)
        fixed (byte* secretStart = secret)
        {
            return Started(Interop.exo_connection_open(
                SliceByte.From((IntPtr)start, (ulong)settings.Length),
                SliceByte.From((IntPtr)(secretStart == null ? &nothing : secretStart), (ulong)secret.Length)));
        }
    }

    /// <summary>Waits for the next step. <paramref name="page"/> is set with <see cref="OperationStep.Page"/>.</summary>
    internal OperationStep Next(uint timeoutMilliseconds, out PageHandle? page)
    {
        page = null;
        bool held = false;
        try
        {
            DangerousAddRef(ref held);
            Step step = Interop.exo_operation_next(Id, timeoutMilliseconds);
            if (step.kind.IsPage)
            {
                page = new PageHandle(step.page);
                return OperationStep.Page;
            }

            return step.kind.IsPending ? OperationStep.Pending
                : step.kind.IsEvent ? OperationStep.Event
                : step.kind.IsDone ? OperationStep.Done
                : OperationStep.Failed;
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Has the next page made while this one is being worked on.</summary>
    internal void AskAhead()
    {
        bool held = false;
        try
        {
            DangerousAddRef(ref held);
            Interop.exo_operation_ask_ahead(Id);
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>The document that belongs to the last event, end or fault.</summary>
    internal JsonDocument Payload()
    {
        bool held = false;
        try
        {
            DangerousAddRef(ref held);
            using VecByte bytes = Interop.exo_operation_payload(Id);
            return NativeCore.Parse(bytes);
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Asks the core to stop; a waiting <see cref="Next"/> returns at once. Safe from any thread, at any time.</summary>
    internal void Cancel()
    {
        bool held = false;
        try
        {
            DangerousAddRef(ref held);
            Interop.exo_operation_cancel(Id);
        }
        catch (ObjectDisposedException)
        {
            // Ctrl+C and the end of the work can meet; then there is nothing left to cancel.
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Interop.exo_operation_close(Id);
        return true;
    }

    private static NativeOperation Started(ulong id) => id != 0
        ? new NativeOperation(id)
        : throw new FaultException(Fault.Internal("The native core could not start the operation."));
}
