using System;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// A cmdlet of the service that takes objects from the pipeline, and so may send requests ahead. The others do not have the
/// interface: an import loads hundreds of them, and each would cost it more.
/// </summary>
public abstract class PipelineServiceCmdlet : ServiceCmdlet, IDisposable
{
    /// <summary>Tells the base class which cmdlet this is.</summary>
    /// <param name="definition">The cmdlet.</param>
    protected PipelineServiceCmdlet(ServiceCmdletDefinition definition)
        : base(definition)
    {
    }

    /// <summary>
    /// Stops what was sent ahead. The engine calls it when the pipeline is over, also when a later command had enough of it
    /// or an earlier one failed.
    /// </summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops what was sent ahead.</summary>
    /// <param name="disposing">Whether it is not the finalizer that calls.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            StopSentAhead();
        }
    }
}
